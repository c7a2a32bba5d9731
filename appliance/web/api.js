// Requests to this server: the envelope, the errors, and one retry with a fresh access token.

import { texts } from "./texts.js";

/** What the server refused, or "NETWORK" when it could not be asked. `retryAfter` is in seconds. */
export class ApiError extends Error {
  constructor({ code, message, field = null, status = 0, retryAfter = 0 }) {
    super(message);
    this.code = code;
    this.field = field;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

// Given by session.js: `token(rejected)` resolves to an access token other than `rejected`.
let tokens = null;

export function useTokens(source) {
  tokens = source;
}

/** The `data` of a successful answer, or an ApiError thrown. Bare answers (/health) come back whole. */
function unwrap(status, text, retryAfter) {
  let payload = null;
  try {
    payload = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError({ code: "UNEXPECTED", message: texts.errors.unexpected(status), status });
  }
  const enveloped = payload !== null && typeof payload === "object" && "success" in payload;
  if (status >= 200 && status < 300 && !(enveloped && payload.success === false)) {
    return enveloped ? payload.data : payload;
  }
  const error = (enveloped && payload.error) || {};
  throw new ApiError({
    code: error.code || "UNEXPECTED",
    message: error.message || texts.errors.unexpected(status),
    field: error.field || null,
    status,
    retryAfter: Number(retryAfter) || 0,
  });
}

/** One request without any retry; `token` may be left out. */
export async function call(path, { method = "GET", body, token } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
    text = await response.text();
  } catch {
    throw new ApiError({ code: "NETWORK", message: texts.errors.network });
  }
  return unwrap(response.status, text, response.headers.get("Retry-After"));
}

/** Run `send(token)`; when the token is refused, once more with a fresh one. */
async function withToken(send) {
  const token = await tokens.token();
  try {
    return await send(token);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return send(await tokens.token(token));
  }
}

const request = (path, options) => withToken((token) => call(path, { ...options, token }));

export const get = (path) => request(path);
export const post = (path, body) => request(path, { method: "POST", body });
export const remove = (path) => request(path, { method: "DELETE" });

/** Send a form; `onProgress(fraction)` follows the bytes. fetch cannot report upload progress. */
export function upload(path, form, onProgress) {
  const send = (token) =>
    new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", path);
      xhr.setRequestHeader("Authorization", `Bearer ${token}`);
      xhr.setRequestHeader("Accept", "application/json");
      xhr.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
      });
      xhr.addEventListener("load", () => {
        try {
          resolve(unwrap(xhr.status, xhr.responseText, xhr.getResponseHeader("Retry-After")));
        } catch (error) {
          reject(error);
        }
      });
      xhr.addEventListener("error", () => reject(new ApiError({ code: "NETWORK", message: texts.errors.upload })));
      xhr.send(form);
    });
  return withToken(send);
}
