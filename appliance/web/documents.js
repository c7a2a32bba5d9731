// The library, for administrators: what is indexed, adding to it, and how the indexing goes.

import { get, post, remove } from "./api.js";
import { announce, button, confirmAction, el, fill, formatDate, isPast } from "./dom.js";
import { texts } from "./texts.js";
import { createUpload, PATH, percentOf } from "./upload.js";

const PAGE_SIZE = 50;
const POLL_MS = 1000;
const POLL_AT_ONCE = 4;
const words = texts.documents;
const pending = (doc) => doc.status === "uploaded" || doc.status === "processing";

export function createDocuments() {
  let documents = [];
  let total = 0;
  let shown = false;
  let timer = 0;
  let turn = 0;
  const rows = new Map();

  const upload = createUpload({
    onAccepted(doc) {
      place(doc, true);
      poll();
    },
  });
  const heading = el("h2", { class: "label" });
  const list = el("ul", { class: "document-list" });
  const foot = el("div", { class: "list-foot" });
  const element = el(
    "section",
    { class: "documents scroller", "aria-labelledby": "documents-title" },
    el("div", { class: "column" }, [
      el("h1", { id: "documents-title", tabindex: -1 }, words.title),
      el("p", { class: "lead" }, words.lead),
      upload.element,
      heading,
      list,
      foot,
    ]),
  );

  /** Put a document into the list, at the top when it is new. */
  function place(doc, announceNew = false) {
    const at = documents.findIndex(({ document_id: id }) => id === doc.document_id);
    if (at >= 0) documents[at] = doc;
    else if (announceNew) {
      documents.unshift(doc);
      total += 1;
    } else return;
    draw();
  }

  function draw() {
    fill(heading, documents.length ? words.heading(total) : "");
    const known = new Set(documents.map(({ document_id: id }) => id));
    for (const [id, row] of rows) {
      if (!known.has(id)) {
        row.node.remove();
        rows.delete(id);
      }
    }
    documents.forEach((doc, i) => {
      const row = rows.get(doc.document_id) || newRow(doc);
      row.update(doc);
      // Moving a node that stands in its place already would take the focus from it.
      if (list.children[i] !== row.node) list.insertBefore(row.node, list.children[i] || null);
    });
    const more = button(texts.showMore, "quiet", () => load(documents.length + PAGE_SIZE));
    fill(foot, !documents.length && el("p", { class: "muted" }, words.empty), documents.length < total && more);
  }

  function newRow(first) {
    const id = first.document_id;
    const name = el("h3", {});
    const badge = el("span", { class: "badge" });
    const detail = el("p", { class: "muted small-text" });
    const stage = el("div", { class: "stage" });
    const bar = el("progress", { max: 100 });
    const percent = el("span", { class: "muted small-text", "aria-hidden": "true" });
    const remarks = el("div", { class: "remarks" });
    const trouble = el("p", { class: "error" });
    const again = button(words.reindex, "quiet small", () => act(() => post(`${PATH}/${encodeURIComponent(id)}/reindex`)));
    const away = button(words.remove, "quiet small", () => destroy(row.doc));
    const node = el(
      "li",
      { class: "document card", "data-id": id },
      el("div", { class: "row spread" }, name, badge),
      detail,
      stage,
      remarks,
      trouble,
      el("div", { class: "row end" }, again, away),
    );
    const row = {
      node,
      doc: first,
      update(doc) {
        row.doc = doc;
        node.dataset.status = doc.status;
        fill(name, doc.title);
        fill(badge, doc.superseded_by ? words.superseded : words.status[doc.status] || doc.status);
        fill(
          detail,
          [
            doc.category,
            doc.pages && words.pages(doc.pages),
            doc.chunks_indexed ? words.passages(doc.chunks_indexed) : null,
            doc.upload_date && words.added(formatDate(doc.upload_date)),
          ].filter(Boolean).join(" · "),
        );
        fill(
          remarks,
          [
            ...(doc.warnings || []),
            isPast(doc.review_by) && !doc.superseded_by && words.reviewPassed(formatDate(doc.review_by)),
            doc.status === "indexed" && doc.error,
          ].filter(Boolean).map((remark) => el("p", { class: "notice small-text" }, remark)),
        );
        const value = percentOf(doc.progress);
        bar.value = value;
        bar.setAttribute("aria-label", words.progress(doc.title));
        fill(percent, [doc.stage, words.percent(value)].filter(Boolean).join(" · "));
        if (pending(doc) !== stage.contains(bar)) fill(stage, ...(pending(doc) ? [bar, percent] : []));
        trouble.hidden = doc.status !== "failed";
        fill(trouble, doc.status === "failed" ? doc.error || words.unknownReason : "");
        again.disabled = pending(doc);
        again.setAttribute("aria-label", words.reindexOf(doc.title));
        away.setAttribute("aria-label", words.removeOf(doc.title));
      },
    };
    rows.set(id, row);
    return row;
  }

  async function act(change) {
    try {
      place(await change());
      poll();
    } catch (error) {
      upload.complain(error);
    }
  }

  async function destroy(doc) {
    const sure = await confirmAction({
      title: words.confirmTitle,
      body: words.confirmBody(doc.title),
      action: words.confirm,
    });
    if (!sure) return;
    try {
      await remove(`${PATH}/${encodeURIComponent(doc.document_id)}`);
    } catch (error) {
      if (error.status !== 404) return upload.complain(error);
    }
    forget(doc.document_id);
    element.querySelector("#documents-title").focus();
  }

  function forget(id) {
    documents = documents.filter(({ document_id: other }) => other !== id);
    total = Math.max(total - 1, documents.length);
    draw();
  }

  async function load(count = Math.max(documents.length, PAGE_SIZE)) {
    const mine = ++turn;
    try {
      const found = [];
      let all = Infinity;
      while (found.length < Math.min(count, all)) {
        const data = await get(`${PATH}?offset=${found.length}&limit=${PAGE_SIZE}`);
        all = data.total;
        found.push(...data.documents);
        if (!data.documents.length) break;
      }
      if (mine !== turn) return;
      documents = found;
      total = all;
      draw();
      poll();
    } catch (error) {
      if (mine === turn) fill(foot, el("p", { class: "error", role: "alert" }, error.message));
    }
  }

  // While something is being indexed, ask about once a second; a few at a time, in turn.
  function poll(delay = POLL_MS) {
    clearTimeout(timer);
    if (shown && documents.some(pending)) timer = setTimeout(tick, delay);
  }

  let offset = 0;
  async function tick() {
    const waiting = documents.filter(pending);
    const some = [...waiting, ...waiting].slice(offset % waiting.length).slice(0, Math.min(POLL_AT_ONCE, waiting.length));
    offset += some.length;
    let delay = POLL_MS;
    for (const { document_id: id } of some) {
      try {
        const doc = await get(`${PATH}/${encodeURIComponent(id)}`);
        if (doc.status === "indexed") announce(words.ready(doc.title));
        if (doc.status === "failed") announce(words.broken(doc.title));
        place(doc);
      } catch (error) {
        if (error.status === 404) forget(id);
        else delay = Math.max(error.retryAfter * 1000, 5 * POLL_MS);
      }
    }
    poll(delay);
  }

  return {
    element,
    show() {
      shown = true;
      element.querySelector("#documents-title").focus();
      return load();
    },
    hide() {
      shown = false;
      clearTimeout(timer);
    },
  };
}
