// Asking: the question box and the transcript of one conversation.

import { renderAnswer } from "./answer.js";
import { messagesOf } from "./conversations.js";
import { button, el, fill } from "./dom.js";
import { createStreams } from "./streams.js";
import { texts } from "./texts.js";
import { answerNode, emptyNode, questionNode, retryButton } from "./transcript.js";

/**
 * `evidence` opens citations; `onConversation(id)` hears when an answer began or ended: id is the
 * conversation on show when it has just got one, else null.
 */
export function createChat({ socket, evidence, onConversation, isAdmin }) {
  let active = null; // the answer being written in the conversation on show
  let conversationId = null;
  let view = 0; // changes with every conversation opened

  const log = el("div", { class: "log" });
  const scroller = el("div", { class: "scroller" }, log);
  const box = el("textarea", {
    id: "question",
    rows: 2,
    placeholder: texts.ask.placeholder,
    "aria-label": texts.ask.box,
    "aria-describedby": "question-hint",
    on: { keydown: onKey },
  });
  const send = el("button", { type: "submit", class: "button primary" }, texts.ask.send);
  const stop = button(texts.ask.stop, "danger", onStop, { hidden: true });
  const form = el(
    "form",
    { class: "composer", on: { submit: onSubmit } },
    el("div", { class: "composer-box" }, box, send, stop),
    el("p", { id: "question-hint", class: "muted small-text" }, texts.ask.hint),
  );
  const element = el("section", { class: "chat", "aria-label": texts.ask.region }, scroller, el("div", { class: "composer-frame" }, form));

  const streams = createStreams({
    socket,
    history: messagesOf,
    follow,
    openCitation: evidence.open,
    onBegun: () => onConversation(null),
    onEnded,
    retry: ask,
  });

  function onKey(event) {
    // keyCode 229: an input method is still composing (Safari clears isComposing too early).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  }

  function onSubmit(event) {
    event.preventDefault();
    const content = box.value.trim();
    if (!content || active) return;
    box.value = "";
    ask(content);
  }

  function ask(content) {
    if (active) return;
    log.querySelector(".empty")?.remove();
    const question = questionNode(content, new Date().toISOString());
    const stream = streams.ask(content, conversationId);
    stream.question = question;
    attach(stream, question);
    scroller.scrollTop = scroller.scrollHeight;
  }

  function attach(stream, ...before) {
    log.append(...before, stream.node);
    stream.view = view;
    setActive(stream);
  }

  function setActive(stream) {
    active = stream;
    send.hidden = active !== null;
    stop.hidden = active === null;
    stop.disabled = Boolean(active?.stopping);
    fill(stop, active?.stopping ? texts.ask.stopping : texts.ask.stop);
  }

  function onStop() {
    const stream = active;
    if (!stream) return;
    if (streams.stop(stream)) {
      box.value = box.value || stream.content;
      stream.question?.remove();
      setActive(null);
    } else {
      setActive(stream);
    }
    box.focus();
  }

  function onEnded(stream, message) {
    if (active === stream) setActive(null);
    const isNew = message !== null && stream.view === view && conversationId === null;
    if (isNew) conversationId = message.conversationId;
    onConversation(isNew ? conversationId : null);
  }

  /** Keep the end in view, unless the reader has scrolled up to read. */
  function follow(change) {
    const near = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
    change();
    if (near) scroller.scrollTop = scroller.scrollHeight;
  }

  function leave(id) {
    view += 1;
    conversationId = id;
    setActive(null);
    evidence.close();
  }

  /** Show an empty conversation; the first question creates it on the server. */
  function fresh() {
    leave(null);
    const pick = (question) => {
      box.value = question;
      box.focus();
    };
    fill(log, emptyNode(pick, isAdmin));
    box.focus();
  }

  /** Show a stored conversation. */
  async function open(id) {
    leave(id);
    const mine = view;
    fill(log, el("p", { class: "muted" }, texts.loading));
    let items;
    try {
      items = await messagesOf(id);
    } catch (error) {
      if (mine !== view) return;
      const words = error.status === 404 ? texts.conversations.missing : error.message;
      fill(log, el("p", { class: "error", role: "alert" }, words));
      return;
    }
    if (mine !== view) return;
    fill(log);
    let question = "";
    for (const message of items) {
      if (message.role === "user") question = message.content;
      show(message, question);
    }
    // A question that the server has not confirmed yet stands in no stored message.
    const waiting = streams.find((stream) => stream.conversationId === id && !stream.node.isConnected);
    if (waiting) {
      const stored = items.some(({ clientMessageId }) => clientMessageId === waiting.clientId);
      attach(waiting, ...(stored || !waiting.question ? [] : [waiting.question]));
    }
    scroller.scrollTop = scroller.scrollHeight;
    box.focus();
  }

  function show(message, question) {
    if (message.role === "user") {
      log.append(questionNode(message.content, message.createdAt));
    } else if (message.role === "assistant" && message.status === "streaming") {
      attach(streams.find(({ messageId }) => messageId === message.id) || streams.adopt(message, question));
    } else if (message.role === "assistant") {
      const { node, body } = answerNode();
      node.removeAttribute("aria-busy");
      fill(body, renderAnswer(message, evidence.open), retryButton(message.status, question, ask));
      log.append(node);
    }
  }

  return {
    element,
    onFrame: streams.onFrame,
    open,
    fresh,
    get conversationId() {
      return conversationId;
    },
  };
}
