// What an answer rests on, as plain text: a copied answer keeps its references.

import { formatDate, isPast } from "./dom.js";
import { texts } from "./texts.js";

const MARKER = /\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

/** Where a citation's words stand, on one line. */
function place(citation) {
  return [
    citation.title,
    citation.section,
    texts.answer.page(citation.page, citation.pageCount),
    citation.documentVersion && texts.answer.version(citation.documentVersion),
    citation.effectiveDate && texts.answer.effective(formatDate(citation.effectiveDate)),
    isPast(citation.reviewBy) && texts.answer.reviewPassed(formatDate(citation.reviewBy)),
  ].filter(Boolean).join(", ");
}

/** `text` with a list of those of `citations` whose [n] stand in it. */
export function withReferences(text, citations) {
  const named = new Set([...text.matchAll(MARKER)].flatMap((match) => match[1].split(",").map(Number)));
  const cited = citations.filter(({ index }) => named.has(index));
  if (!cited.length) return text;
  const lines = cited.map((citation) => `[${citation.index}] ${place(citation)}`);
  return `${text.trimEnd()}\n\n${texts.answer.references}\n${lines.join("\n")}\n`;
}

/** Put `text` on the clipboard; a page that is no secure context has no clipboard of its own. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const onCopy = (event) => {
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("copy", onCopy, { capture: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", onCopy, { capture: true });
  if (!done) throw new Error("the browser copied nothing");
}
