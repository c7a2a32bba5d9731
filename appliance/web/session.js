// Who is logged in. The access token stays in memory; the refresh token lives as long as the tab.

import { ApiError, call, useTokens } from "./api.js";
import { newId } from "./dom.js";
import { texts } from "./texts.js";

const KEY = "voiceassist.refresh";
const EARLY_MS = 30_000; // refresh this long before the access token ends
const RETRY_MS = 5_000;

const tab = newId();
let access = null;
let expiresAt = 0;
let user = null;
let refreshing = null;
let timer = 0;
let onEnd = () => {};

// A duplicated tab starts with a copy of the refresh token. Each token works once, so the copies tell
// one another which token follows which; otherwise the second use would end the session of both.
const siblings = "BroadcastChannel" in window ? new BroadcastChannel(KEY) : null;
siblings?.addEventListener("message", ({ data }) => {
  if (data.tab !== tab && data.used && data.used === sessionStorage.getItem(KEY)) {
    sessionStorage.setItem(KEY, data.next);
  }
});

function accept(answer, used) {
  access = answer.access_token;
  expiresAt = Date.now() + answer.expires_in * 1000;
  user = answer.user || user;
  sessionStorage.setItem(KEY, answer.refresh_token);
  if (used) siblings?.postMessage({ tab, used, next: answer.refresh_token });
  schedule(Math.max(answer.expires_in * 1000 - EARLY_MS, (answer.expires_in * 1000) / 2));
  return user;
}

function schedule(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    refresh().catch(() => {
      if (sessionStorage.getItem(KEY)) schedule(RETRY_MS);
    });
  }, delay);
}

function forget() {
  clearTimeout(timer);
  access = null;
  expiresAt = 0;
  user = null;
  sessionStorage.removeItem(KEY);
}

async function rotate() {
  const used = sessionStorage.getItem(KEY);
  const ended = new ApiError({ code: "UNAUTHORIZED", message: texts.login.ended, status: 401 });
  if (!used) throw ended;
  let answer;
  try {
    answer = await call("/api/auth/refresh", { method: "POST", body: { refresh_token: used } });
  } catch (error) {
    // Only the server's word ends a session; a lost network or a busy server does not.
    if (![400, 401, 403, 422].includes(error.status)) throw error;
    // A sibling tab, or a log-out, may have changed the token while the request was on its way.
    const now = sessionStorage.getItem(KEY);
    if (now !== null && now !== used) return rotate();
    if (now === used) {
      forget();
      onEnd(texts.login.ended);
    }
    throw ended;
  }
  if (sessionStorage.getItem(KEY) === null) throw ended; // logged out meanwhile
  accept(answer, used);
  user = user || (await call("/api/auth/me", { token: access }));
  return access;
}

/** A new access token. Callers at the same time share one request. */
function refresh() {
  refreshing = refreshing || rotate().finally(() => (refreshing = null));
  return refreshing;
}

/** A usable access token other than `rejected`, refreshed when needed. */
async function token(rejected) {
  if (access && access !== rejected && Date.now() < expiresAt - 5_000) return access;
  return refresh();
}

/** Log in; resolves to `{ user }`, or to `{ challenge }` where the account asks for a code too. */
async function login(email, password) {
  const answer = await call("/api/auth/login", { method: "POST", body: { email, password } });
  return answer.requires_2fa ? { challenge: answer.challenge } : { user: await enter(answer) };
}

/** The second step: the code that answers `challenge`. Resolves to `{ user }`. */
async function verify(challenge, code) {
  return { user: await enter(await call("/api/auth/2fa/verify", { method: "POST", body: { challenge, code } })) };
}

async function enter(answer) {
  accept(answer, null);
  user = answer.user || (await call("/api/auth/me", { token: access }));
  return user;
}

/** The user of this tab's earlier session, or null. */
async function restore() {
  if (!sessionStorage.getItem(KEY)) return null;
  await refresh();
  return user;
}

/** Forget the session here at once, and tell the server. */
async function logout() {
  const refreshToken = sessionStorage.getItem(KEY);
  const accessToken = access;
  forget();
  onEnd("");
  await call("/api/auth/logout", {
    method: "POST",
    token: accessToken,
    body: { refresh_token: refreshToken },
  }).catch(() => {});
}

useTokens({ token });

export const session = {
  login,
  logout,
  restore,
  token,
  verify,
  /** `listener(message)` runs when the session is over, by log-out or by the server. */
  onEnd(listener) {
    onEnd = listener;
  },
};
