// The reader's conversations: the list at the side, and the stored messages of one.

import { get, remove } from "./api.js";
import { button, confirmAction, el, fill, formatWhen } from "./dom.js";
import { texts } from "./texts.js";

const PAGE_SIZE = 50;
const MESSAGES = 200;

/** Every stored message of a conversation, oldest first. Throws ApiError. */
export async function messagesOf(id) {
  const path = `/conversations/${encodeURIComponent(id)}/messages`;
  const first = await get(`${path}?limit=${MESSAGES}`);
  const items = [...first.items];
  for (let page = 2; items.length < first.total; page += 1) {
    const more = await get(`${path}?page=${page}&pageSize=${MESSAGES}`);
    if (!more.items.length) break;
    items.push(...more.items);
  }
  return items;
}

/** The list; `onFresh()` starts an empty conversation, `onDeleted(id)` hears of a deletion. */
export function createConversations({ onFresh, onDeleted }) {
  let pages = 1;
  let current = null;
  let turn = 0;

  const list = el("ul", { class: "conversation-list" });
  const foot = el("div", { class: "list-foot" });
  const element = el(
    "nav",
    { class: "side", id: "side", "aria-label": texts.nav.conversations },
    button(texts.conversations.fresh, "primary wide", onFresh, { id: "new-conversation" }),
    list,
    foot,
  );

  function row(item) {
    const title = item.title || texts.conversations.untitled;
    return el(
      "li",
      { "data-id": item.id },
      el(
        "a",
        { href: `#/c/${encodeURIComponent(item.id)}`, class: "conversation" },
        el("span", { class: "conversation-title" }, title),
        el("span", { class: "muted small-text" }, formatWhen(item.updatedAt)),
      ),
      button("×", "icon-button", () => destroy(item.id, title), {
        "aria-label": texts.conversations.remove(title),
        title: texts.conversations.remove(title),
      }),
    );
  }

  async function destroy(id, title) {
    const sure = await confirmAction({
      title: texts.conversations.confirmTitle,
      body: texts.conversations.confirmBody(title),
      action: texts.conversations.confirm,
    });
    if (!sure) return;
    try {
      await remove(`/conversations/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error.status !== 404) {
        fill(foot, el("p", { class: "error", role: "alert" }, error.message));
        return;
      }
    }
    onDeleted(id);
    await refresh();
    element.querySelector("#new-conversation").focus();
  }

  async function refresh() {
    const mine = ++turn;
    try {
      const items = [];
      let total = 0;
      for (let page = 1; page <= pages; page += 1) {
        const data = await get(`/conversations?page=${page}&pageSize=${PAGE_SIZE}`);
        items.push(...data.items);
        total = data.total;
      }
      if (mine !== turn) return;
      const focused = list.contains(document.activeElement) && document.activeElement.closest("li")?.dataset.id;
      fill(list, items.map(row));
      mark(current);
      if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
      const more = button(texts.showMore, "quiet wide", () => {
        pages += 1;
        refresh();
      });
      const empty = el("p", { class: "muted" }, texts.conversations.empty);
      fill(foot, items.length < total && more, !items.length && empty);
    } catch (error) {
      if (mine === turn) fill(foot, el("p", { class: "error" }, error.message));
    }
  }

  /** Show which conversation is open; null for none. */
  function mark(id) {
    current = id;
    for (const item of list.children) {
      const link = item.querySelector("a");
      if (item.dataset.id === id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  return { element, refresh, mark };
}
