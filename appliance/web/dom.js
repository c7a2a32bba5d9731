// Building and talking to the document. Text always goes in as text, never as markup.

import { texts } from "./texts.js";

/** What is really to be appended: conditional parts may be null, false or "", lists may be nested. */
const present = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

/** An element with attributes, listeners (`on`) and children; null and false are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...present(children));
  return node;
}

/** A plain button: `kind` is a class name such as "primary", "quiet" or "danger". */
export function button(label, kind, onClick, props = {}) {
  return el("button", { type: "button", class: `button ${kind}`, ...props, on: { click: onClick } }, label);
}

export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/** Say something to a screen reader, once. */
export function announce(text) {
  const region = document.getElementById("status");
  // An identical text would not be announced again.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/** Ask before something that cannot be undone. Resolves to true when confirmed. */
export function confirmAction({ title, body, action }) {
  return new Promise((resolve) => {
    const yes = button(action, "danger", () => dialog.close("yes"));
    const no = button(texts.cancel, "quiet", () => dialog.close("no"), { autofocus: true });
    const dialog = el(
      "dialog",
      { class: "confirm", "aria-labelledby": "confirm-title" },
      el("h2", { id: "confirm-title" }, title),
      el("p", {}, body),
      el("div", { class: "row end" }, no, yes),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** "2025-11-27" and "2025-11-27T10:00:00Z" alike as a local date; anything else unchanged. */
export function formatDate(value) {
  if (!value) return "";
  // A bare date means that calendar day everywhere; Date would read it as midnight UTC.
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T12:00:00`) : new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return date.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

/** Whether the day of a date is over. */
export function isPast(value) {
  if (!value) return false;
  const now = new Date();
  const pad = (number) => String(number).padStart(2, "0");
  return value.slice(0, 10) < `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

/** Time of day for today, the date for anything older. */
export function formatWhen(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  if (date.toDateString() !== new Date().toDateString()) return formatDate(value);
  return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** A version 4 UUID; `randomUUID` exists only on https and localhost. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
