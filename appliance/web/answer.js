// A finished answer as elements: sentences, citation chips, marks of what no document supports.

import { announce, button, el, formatDate, isPast } from "./dom.js";
import { copy, withReferences } from "./references.js";
import { texts } from "./texts.js";

const MARKER = /\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;
// The markers that an engine puts behind a sentence. Those inside it are the document's own.
const LAST_MARKERS = /(?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])+[\s.!?;:,)\]"'”’]*$/;

/** The characters of a text as the server counts them: Unicode code points, not UTF-16 units. */
export function codePoints(text) {
  return Array.from(text);
}

/** The chip keeps its brackets, so that a copied "5 mg [1]" cannot become "5 mg1". */
function chip(citation, open) {
  const title = texts.answer.chip(citation.index, citation.title, citation.page);
  return el(
    "button",
    {
      type: "button",
      class: "chip",
      title,
      "aria-label": title,
      "data-citation": citation.index,
      on: { click: (event) => open(citation, event.currentTarget) },
    },
    `[${citation.index}]`,
  );
}

/** Text with the [n] at its end as chips, where `citations` knows them; all else stays as it is. */
function withChips(text, citations, open) {
  const last = text.match(LAST_MARKERS);
  if (!last) return [text];
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(MARKER)) {
    if (match.index < last.index) continue;
    const found = match[1].split(",").map((number) => citations.get(Number(number)));
    if (found.some((citation) => citation === undefined)) continue;
    parts.push(text.slice(at, match.index), ...found.map((citation) => chip(citation, open)));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts.filter((part) => part !== "");
}

function body(message, open) {
  const characters = codePoints(message.content);
  const citations = new Map((message.citations || []).map((citation) => [citation.index, citation]));
  const text = (start, end) => characters.slice(start, end).join("");
  // What claims nothing, such as a heading, may carry its [n] at the end of its line.
  const between = (start, end) =>
    text(start, end).split(/(?<=\n)/).flatMap((line) => withChips(line, citations, open));
  const cited = (sentence) =>
    new Map([...citations].filter(([index]) => (sentence.citations || []).includes(index)));
  const parts = [];
  let at = 0;
  const sentences = message.model === "refusal" ? [] : message.sentences || [];
  for (const sentence of [...sentences].sort((a, b) => a.start - b.start)) {
    if (sentence.start < at || sentence.end > characters.length || sentence.end <= sentence.start) continue;
    parts.push(...between(at, sentence.start));
    const words = withChips(text(sentence.start, sentence.end), cited(sentence), open);
    if (sentence.supported === false) {
      parts.push(
        el("span", { class: "unsupported" }, words),
        " ",
        el("span", { class: "unsupported-note" }, texts.answer.unsupported),
      );
    } else {
      parts.push(...words);
    }
    at = sentence.end;
  }
  parts.push(...between(at, characters.length));
  return el("div", { class: "answer-text" }, parts);
}

function sources(message, open) {
  if (!message.citations?.length) return null;
  const row = (citation) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "source", on: { click: (event) => open(citation, event.currentTarget) } },
        el("span", { class: "source-number" }, `[${citation.index}]`),
        el("span", { class: "source-title" }, citation.title),
        el(
          "span",
          { class: "source-page" },
          [
            texts.answer.page(citation.page, citation.pageCount),
            citation.effectiveDate && texts.answer.effective(formatDate(citation.effectiveDate)),
          ].filter(Boolean).join(" · "),
        ),
      ),
    );
  return [el("h3", { class: "sources-title" }, texts.answer.sources), el("ul", { class: "sources" }, message.citations.map(row))];
}

/** A document past its review date still answers; whoever reads the answer must know. */
function overdue(message) {
  const past = new Map();
  for (const { sourceId, title, reviewBy } of message.citations || []) {
    if (isPast(reviewBy)) past.set(sourceId, texts.answer.overdue(title, formatDate(reviewBy)));
  }
  return past.size ? el("div", { class: "notice" }, [...past.values()].map((words) => el("p", {}, words))) : null;
}

/** Of a refusal: what is nearest, to be opened and judged. */
function nearest(message, open) {
  if (!message.nearest?.length) return null;
  const row = (section) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "source", on: { click: (event) => open(section, event.currentTarget) } },
        el("span", { class: "source-title" }, [section.title, section.section].filter(Boolean).join(" · ")),
        el("span", { class: "source-page" }, texts.answer.page(section.page)),
      ),
    );
  return [el("h3", { class: "sources-title" }, texts.answer.nearest), el("ul", { class: "sources" }, message.nearest.map(row))];
}

function copyButton(message) {
  if (!message.citations?.length) return null;
  const whole = withReferences(message.content, message.citations);
  return button(texts.answer.copy, "quiet small copy", () =>
    copy(whole).then(
      () => announce(texts.answer.copied),
      () => announce(texts.answer.notCopied),
    ),
  );
}

/** What is selected and copied by hand keeps its references, too. */
function keepReferences(node, message) {
  node.addEventListener("copy", (event) => {
    const selected = String(getSelection());
    if (!event.clipboardData || !selected) return;
    const whole = withReferences(selected, message.citations || []);
    if (whole === selected) return;
    event.clipboardData.setData("text/plain", whole);
    event.preventDefault();
  });
  return node;
}

function origin(message) {
  if (message.model === "extractive") return texts.answer.extractive;
  if (message.model === "refusal") return texts.answer.refusal;
  return message.model && message.citations?.length ? texts.answer.written(message.model) : null;
}

/** The parts of an assistant's Message; `open(citation, button)` shows the evidence. */
export function renderAnswer(message, open) {
  const note = origin(message);
  const ending = { interrupted: texts.ask.interrupted, failed: texts.ask.failed }[message.status];
  return [
    note && el("p", { class: `origin ${message.model === "refusal" ? "refusal" : ""}` }, note),
    overdue(message),
    message.content && keepReferences(body(message, open), message),
    ending && el("p", { class: "ending" }, ending),
    message.withheld > 0 && el("p", { class: "withheld" }, texts.answer.withheld(message.withheld)),
    sources(message, open),
    nearest(message, open),
    copyButton(message),
  ];
}
