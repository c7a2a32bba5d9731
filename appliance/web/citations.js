// The evidence beside an answer: where a citation comes from, and the passage on its page.

import { codePoints } from "./answer.js";
import { get } from "./api.js";
import { button, el, fill, formatDate, isPast } from "./dom.js";
import { texts } from "./texts.js";

// White space and control characters differ between a page's text and its folded quotation.
const letters = (text) => text.replace(/[\s\p{Cc}\u2026]+/gu, "");

function facts(rows) {
  return el(
    "dl",
    { class: "facts" },
    rows.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]).flat(),
  );
}

function reviewText(value) {
  if (!value) return "";
  const date = formatDate(value);
  return isPast(value) ? texts.evidence.reviewPassed(date) : date;
}

/** Where the quoted words stand on this page, or null when they do not stand there any more. */
function quoteOn(characters, citation) {
  const { charStart: start, charEnd: end } = citation;
  if (!Number.isInteger(start) || !Number.isInteger(end)) return null;
  if (start < 0 || start >= end || end > characters.length) return null;
  const found = letters(characters.slice(start, end).join(""));
  const quoted = letters(citation.snippet || "");
  // A long snippet may be shortened, never different.
  return found && (quoted === "" || found.startsWith(quoted) || quoted.startsWith(found)) ? { start, end } : null;
}

/** The page's text with the passage emphasised and the quoted words marked; `own`: the cited passage itself. */
function pageText(passage, citation, own) {
  const whole = passage.page_text || passage.text;
  const characters = codePoints(whole);
  const shift = passage.page_text ? 0 : passage.char_start;
  const inside = { start: passage.char_start - shift, end: passage.char_end - shift };
  const samePage = passage.document_id === citation.sourceId && passage.page === citation.page;
  const quoted = citation.snippet !== undefined; // a section near a refusal quotes nothing
  const quote = samePage && quoted
    ? quoteOn(characters, { ...citation, charStart: citation.charStart - shift, charEnd: citation.charEnd - shift })
    : null;
  const edges = [0, characters.length, inside.start, inside.end, ...(quote ? [quote.start, quote.end] : [])];
  const cuts = [...new Set(edges)].filter((at) => at >= 0 && at <= characters.length).sort((a, b) => a - b);
  const parts = cuts.slice(0, -1).map((start, i) => {
    const text = characters.slice(start, cuts[i + 1]).join("");
    const words = quote && start >= quote.start && start < quote.end ? el("mark", {}, text) : text;
    const name = start >= inside.start && start < inside.end ? "passage" : "around";
    return el("span", { class: name }, words);
  });
  const region = { class: "page-text", tabindex: 0, role: "region", "aria-label": texts.evidence.pageText(passage.page) };
  return { node: el("div", region, parts), changed: own && quoted && !quote };
}

/** Centre the words in the page's text, then move the panel itself no more than it must. */
function bringIntoView(node, own) {
  const words = (own && node.querySelector("mark")) || node.querySelector(".passage");
  if (!words) return;
  const offset = words.getBoundingClientRect().top - node.getBoundingClientRect().top;
  const height = words.getBoundingClientRect().height;
  node.scrollTop += offset - Math.max((node.clientHeight - height) / 2, 16);
  words.scrollIntoView({ block: "nearest" });
}

/** The panel; `onToggle(open)` lets the page make room. */
export function createEvidence(onToggle) {
  let from = null; // the button that opened the panel
  let turn = 0; // an answer to an earlier request must not replace a later one

  const title = el("h2", { id: "evidence-title", tabindex: -1 });
  const head = el("div", { class: "evidence-head" });
  const passageBox = el("div", { class: "passage-box" });
  const element = el(
    "aside",
    { class: "evidence", "aria-labelledby": "evidence-title", hidden: true },
    el(
      "div",
      { class: "row spread top" },
      title,
      button("×", "icon-button", () => close(), { "aria-label": texts.close, title: texts.close }),
    ),
    head,
    passageBox,
  );
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  async function show(citation, url, { focus } = {}) {
    const mine = ++turn;
    fill(passageBox, el("p", { class: "muted" }, texts.loading));
    let passage;
    try {
      const address = new URL(url, location.href);
      // The request carries the access token: it must not leave this server, whatever a citation says.
      if (address.origin !== location.origin) throw new Error(texts.evidence.foreign);
      passage = await get(address.pathname + address.search);
    } catch (error) {
      if (mine !== turn) return;
      const gone = error.status === 404 || error.status === 410;
      fill(passageBox, el("p", { class: "notice" }, gone ? texts.evidence.gone : texts.evidence.failed(error.message)));
      if (focus) title.focus();
      return;
    }
    if (mine !== turn) return;
    const own = url === citation.url;
    const { node, changed } = pageText(passage, citation, own);
    const sibling = (id) => url.replace(/[^/?#]+(?=$|[?#])/, encodeURIComponent(id));
    const step = (label, name, id) =>
      button(label, "quiet small", () => show(citation, sibling(id), { focus: name }), {
        disabled: !id,
        "data-step": name,
      });
    fill(
      passageBox,
      el(
        "div",
        { class: "row steps" },
        step(texts.evidence.previous, "previous", passage.previous_chunk_id),
        step(texts.evidence.next, "next", passage.next_chunk_id),
        !own && button(texts.evidence.back, "quiet small", () => show(citation, citation.url, { focus: "next" })),
      ),
      el(
        "p",
        { class: "muted where" },
        [texts.evidence.pageText(passage.page), passage.section].filter(Boolean).join(" · "),
      ),
      passage.superseded_by && el("p", { class: "notice" }, texts.evidence.superseded),
      changed && el("p", { class: "notice" }, texts.evidence.changed),
      node,
    );
    bringIntoView(node, own);
    if (focus) {
      const same = passageBox.querySelector(`[data-step="${focus}"]:not([disabled])`);
      (same || node).focus({ preventScroll: true });
    }
  }

  function open(citation, opener) {
    from?.classList.remove("open");
    from = opener;
    from.classList.add("open");
    fill(title, citation.title);
    fill(
      head,
      facts([
        [texts.evidence.page, texts.evidence.pageOf(citation.page, citation.pageCount)],
        [texts.evidence.section, citation.section],
        [texts.evidence.effective, formatDate(citation.effectiveDate)],
        [texts.evidence.reviewBy, reviewText(citation.reviewBy)],
      ]),
      citation.snippet !== undefined && [
        el("h3", { class: "label" }, `${texts.evidence.quoted} · ${texts.evidence.source(citation.index)}`),
        el("blockquote", { class: "quote" }, citation.snippet),
      ],
    );
    element.hidden = false;
    onToggle(true);
    title.focus({ preventScroll: true });
    element.scrollTop = 0;
    return show(citation, citation.url);
  }

  function close() {
    if (element.hidden) return;
    turn += 1;
    element.hidden = true;
    onToggle(false);
    from?.classList.remove("open");
    // The answer may have been replaced since; then the opener is no longer on the page.
    if (from?.isConnected) from.focus();
    from = null;
  }

  return { element, open, close };
}
