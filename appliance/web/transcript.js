// The elements of a transcript: questions, answers on their way, and the page before the first question.

import { button, el, formatWhen } from "./dom.js";
import { texts } from "./texts.js";

export function questionNode(content, when) {
  return el(
    "article",
    { class: "question" },
    el("h2", { class: "label" }, texts.ask.you, el("span", { class: "when" }, formatWhen(when))),
    el("p", { class: "question-text" }, content),
  );
}

/** An answer being written: `note` says what is going on, `text` is the text node that grows. */
export function answerNode() {
  const text = document.createTextNode("");
  const note = el("p", { class: "working" });
  const body = el("div", { class: "answer-body" }, note, el("div", { class: "answer-text" }, text));
  const label = el("h2", { class: "label" }, texts.ask.answer);
  const node = el("article", { class: "answer", "aria-busy": "true" }, label, body);
  return { node, body, note, text };
}

/** A button that asks again, for an answer that did not come to its end. */
export function retryButton(status, content, ask) {
  if (!content || (status !== "failed" && status !== "interrupted")) return null;
  return button(texts.tryAgain, "quiet small", () => ask(content));
}

/** What an empty conversation shows; `pick(question)` takes an example. */
export function emptyNode(pick, isAdmin) {
  const example = (question) => el("li", {}, button(question, "example", () => pick(question)));
  return el(
    "div",
    { class: "empty" },
    el("h1", {}, texts.ask.emptyTitle),
    el("p", { class: "lead" }, texts.ask.emptyLead),
    el("h2", { class: "label" }, texts.ask.examplesTitle),
    el("ul", { class: "examples" }, texts.ask.examples.map(example)),
    el("ul", { class: "tips" }, texts.ask.tips.map((tip) => el("li", {}, tip))),
    isAdmin && el("p", { class: "tips" }, texts.ask.adminTip, el("a", { href: "#/documents" }, texts.ask.adminLink)),
  );
}
