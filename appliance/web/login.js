// The log-in form: address and password first, then a code where the account asks for one.

import { button, el, fill } from "./dom.js";
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
  const code = el("input", {
    type: "text",
    id: "code",
    name: "code",
    autocomplete: "one-time-code",
    autocapitalize: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "code-hint",
  });
  const submit = el("button", { type: "submit", class: "button primary wide" });
  const problem = el("p", { class: "error", role: "alert", id: "login-error", hidden: !message }, message);
  const steps = el("div", { class: "login-step" });
  const field = (input, label) => el("div", { class: "field" }, el("label", { for: input.id }, label), input);
  let challenge = null; // of a password that was right

  function ask(forChallenge) {
    challenge = forChallenge;
    password.value = code.value = "";
    if (challenge) {
      const again = button(texts.login.startAgain, "quiet", () => {
        say("", null);
        ask(null);
      });
      fill(steps, field(code, texts.login.code), el("p", { id: "code-hint" }, texts.login.codeHint), submit, again);
    } else {
      fill(steps, field(email, texts.login.email), field(password, texts.login.password), submit);
    }
    fill(submit, label());
    (challenge ? code : email).focus();
  }

  const label = () => (challenge ? texts.login.verify : texts.login.submit);

  function say(words, input) {
    fill(problem, words);
    problem.hidden = !words;
    for (const each of [email, password, code]) {
      const about = [each === code && "code-hint", each === input && "login-error"].filter(Boolean).join(" ");
      each.setAttribute("aria-invalid", String(each === input));
      if (about) each.setAttribute("aria-describedby", about);
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
      const answer = challenge
        ? await session.verify(challenge, code.value)
        : await session.login(email.value.trim(), password.value);
      if (answer.challenge) ask(answer.challenge);
      else onUser(answer.user);
    } catch (error) {
      refused(error);
    } finally {
      submit.disabled = false;
      fill(submit, label());
    }
  }

  function refused(error) {
    const wrong = error.status === 401;
    // A challenge that is over is answered by none of the codes.
    if (challenge && wrong && error.field !== "code") ask(null);
    const input = { email, password, code }[error.field] || null;
    say(error.message, input);
    if (wrong) password.value = code.value = "";
    (input || (challenge ? code : wrong ? password : email)).focus();
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
      steps,
    ),
  );
  ask(null);

  function logIn(address, words) {
    email.value = address;
    password.value = words;
    element.querySelector("form").requestSubmit();
  }

  return { element, focus: () => email.focus(), logIn };
}
