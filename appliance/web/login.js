// The log-in form.

import { el, fill } from "./dom.js";
import { session } from "./session.js";
import { texts } from "./texts.js";

/** `message` says why the reader is here; `onUser(user)` follows a successful log-in. */
export function createLogin({ message, onUser }) {
  const email = el("input", { type: "email", id: "email", name: "email", autocomplete: "username", required: true });
  const password = el("input", {
    type: "password",
    id: "password",
    name: "password",
    autocomplete: "current-password",
    required: true,
  });
  const submit = el("button", { type: "submit", class: "button primary wide" }, texts.login.submit);
  const problem = el("p", { class: "error", role: "alert", id: "login-error", hidden: !message }, message);
  const field = (input, label) => el("div", { class: "field" }, el("label", { for: input.id }, label), input);

  function say(words, input) {
    fill(problem, words);
    problem.hidden = !words;
    for (const each of [email, password]) {
      each.setAttribute("aria-invalid", String(each === input));
      if (each === input) each.setAttribute("aria-describedby", "login-error");
      else each.removeAttribute("aria-describedby");
    }
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    fill(submit, texts.login.working);
    say("", null);
    try {
      onUser(await session.login(email.value.trim(), password.value));
    } catch (error) {
      const input = { email, password }[error.field] || null;
      say(error.message, input);
      if (error.status === 401) password.value = "";
      (input || (error.status === 401 ? password : email)).focus();
    } finally {
      submit.disabled = false;
      fill(submit, texts.login.submit);
    }
  }

  const element = el(
    "main",
    { class: "login" },
    el(
      "form",
      { class: "card login-card", on: { submit: onSubmit } },
      el("div", { class: "brand" }, el("img", { src: "/static/icon.svg", alt: "", width: 44, height: 44 }), texts.product),
      el("h1", { class: "visually-hidden" }, texts.login.title),
      el("p", { class: "lead" }, texts.login.lead),
      problem,
      field(email, texts.login.email),
      field(password, texts.login.password),
      submit,
    ),
  );
  function logIn(address, words) {
    email.value = address;
    password.value = words;
    element.querySelector("form").requestSubmit();
  }

  return { element, focus: () => email.focus(), logIn };
}
