// Choosing a password by a one-time link: an invitation, or a reset.

import { call } from "./api.js";
import { button, el, fill } from "./dom.js";
import { texts } from "./texts.js";

export const LINK = "#link=";

/** The token in the address, or ""; the address, and the history with it, is rid of it. */
export function takeLink() {
  if (!location.hash.startsWith(LINK)) return "";
  const token = location.hash.slice(LINK.length);
  history.replaceState(null, "", location.pathname);
  return token;
}

/** `onPassword(email, password)` follows when the password is set, `onLeave()` when it is given up. */
export function createLinkForm({ token, onPassword, onLeave }) {
  const words = texts.link;
  const secret = (id) => el("input", { type: "password", id, autocomplete: "new-password", required: true });
  const password = secret("new-password");
  const repeat = secret("repeat-password");
  const submit = el("button", { type: "submit", class: "button primary wide" }, words.submit);
  const problem = el("p", { class: "error", role: "alert", id: "link-error", hidden: true });
  const field = (input, label) => el("div", { class: "field" }, el("label", { for: input.id }, label), input);

  function say(message, input) {
    fill(problem, message);
    problem.hidden = !message;
    for (const each of [password, repeat]) {
      each.setAttribute("aria-invalid", String(each === input));
      if (each === input) each.setAttribute("aria-describedby", problem.id);
      else each.removeAttribute("aria-describedby");
    }
    input?.focus();
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (submit.disabled) return;
    if (password.value !== repeat.value) {
      say(words.differ, repeat);
      return;
    }
    submit.disabled = true;
    fill(submit, words.working);
    say("", null);
    try {
      const body = { token, password: password.value };
      const { email } = await call("/api/auth/links/redeem", { method: "POST", body });
      onPassword(email, password.value);
    } catch (error) {
      say(error.message, error.field === "password" ? password : null);
    } finally {
      submit.disabled = false;
      fill(submit, words.submit);
    }
  }

  const element = el(
    "main",
    { class: "login" },
    el(
      "form",
      { class: "card login-card", on: { submit: onSubmit } },
      el("div", { class: "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 44, height: 44 }), texts.product),
      el("h1", {}, words.title),
      el("p", { class: "lead" }, words.lead),
      problem,
      field(password, words.password),
      field(repeat, words.repeat),
      submit,
      button(words.leave, "quiet wide", onLeave),
    ),
  );
  return { element, focus: () => password.focus() };
}
