// Answers on their way: which frame belongs to which question, and what to do when the connection drops.

import { renderAnswer } from "./answer.js";
import { announce, el, fill, newId } from "./dom.js";
import { texts } from "./texts.js";
import { answerNode, retryButton } from "./transcript.js";

const POLL_MS = 1500;

/**
 * `socket.send(frame)`; `history(id)` gives a conversation's stored messages; `follow(change)` changes the
 * transcript and keeps its end in view; `onBegun(stream)` and `onEnded(stream, message)` (message null when
 * there is none) tell how it goes; `retry(content)` asks again.
 */
export function createStreams({ socket, history, follow, openCitation, onBegun, onEnded, retry }) {
  const streams = []; // oldest first

  function add(fields) {
    const stream = { lastSeq: 0, stopping: false, resuming: false, ...fields, ...answerNode() };
    streams.push(stream);
    return stream;
  }

  /** A new question; it is sent as soon as there is a connection. */
  function ask(content, conversationId) {
    const stream = add({ content, conversationId, clientId: newId(), messageId: null, sent: false });
    pump();
    return stream;
  }

  /** An answer that the server was still writing when its conversation was opened. */
  function adopt(message, content) {
    const { id: messageId, conversationId } = message;
    const stream = add({ content, conversationId, clientId: newId(), messageId, sent: true });
    note(stream, texts.ask.stillWriting);
    resume(stream);
    return stream;
  }

  // One question at a time waits for its first frame: that frame tells which message id is whose.
  function pump() {
    if (streams.some((stream) => stream.sent && !stream.messageId)) return;
    const next = streams.find((stream) => !stream.sent && !stream.messageId);
    if (!next) return;
    const frame = { type: "message_send", content: next.content, client_message_id: next.clientId };
    if (next.conversationId) frame.conversation_id = next.conversationId;
    next.sent = socket.send(frame);
    note(next, next.sent ? texts.ask.searching : texts.ask.waiting);
  }

  function resume(stream) {
    stream.resuming = true;
    socket.send({ type: "resume", message_id: stream.messageId, after_seq: stream.lastSeq });
  }

  /** True when the question was still here and is now withdrawn; otherwise the server is told to stop. */
  function stop(stream) {
    if (!stream.sent && !stream.messageId) {
      stream.node.remove();
      drop(stream);
      return true;
    }
    stream.stopping = true;
    if (stream.messageId) socket.send({ type: "cancel", message_id: stream.messageId });
    return false;
  }

  function drop(stream) {
    const at = streams.indexOf(stream);
    if (at >= 0) streams.splice(at, 1);
    pump();
  }

  function note(stream, words) {
    if (stream.note.textContent !== words) stream.note.textContent = words;
  }

  function end(stream, message, parts, words) {
    const shown = stream.node.isConnected;
    follow(() => {
      stream.node.removeAttribute("aria-busy");
      fill(stream.body, parts, retryButton(message?.status || "failed", stream.content, retry));
    });
    if (shown) announce(words);
    drop(stream);
    onEnded(stream, message);
  }

  function finish(stream, message) {
    const ending = { interrupted: texts.ask.interrupted, failed: texts.ask.failed }[message.status];
    const words = ending || texts.ask.finished(message.citations?.length || 0);
    end(stream, message, renderAnswer(message, openCitation), words);
  }

  function fail(stream, words) {
    const kept = stream.text.data && el("div", { class: "answer-text" }, stream.text.data);
    const ending = el("strong", { class: "what" }, kept ? texts.ask.failed : texts.ask.notSent);
    end(stream, null, [kept, el("p", { class: "error" }, ending, words)], words);
  }

  /** Ask the store how an answer ended that the socket cannot tell of any more. */
  async function settle(stream) {
    if (!stream.conversationId) {
      // Its conversation is not known here: the same client_message_id brings the stored answer.
      stream.messageId = null;
      stream.sent = false;
      pump();
      return;
    }
    try {
      const stored = (await history(stream.conversationId)).find(({ id }) => id === stream.messageId);
      if (!streams.includes(stream)) return;
      if (!stored) fail(stream, texts.ask.failed);
      else if (stored.status === "streaming") setTimeout(() => settle(stream), POLL_MS);
      else finish(stream, stored);
    } catch (error) {
      if (streams.includes(stream)) fail(stream, error.message);
    }
  }

  /** The stream a frame belongs to; the first frame of an answer gives the stream its id. */
  function streamOf(frame) {
    const byId = streams.find(({ messageId }) => messageId && messageId === frame.message_id);
    const stream =
      byId ||
      (frame.client_message_id
        ? streams.find(({ clientId }) => clientId === frame.client_message_id)
        : streams.find(({ sent, messageId }) => sent && !messageId));
    if (!stream) return undefined;
    stream.resuming = false;
    if (!stream.messageId) {
      stream.messageId = frame.message_id;
      if (stream.stopping) socket.send({ type: "cancel", message_id: stream.messageId });
      onBegun(stream);
      pump();
    }
    return stream;
  }

  function onConnected() {
    for (const stream of streams) {
      if (!stream.messageId) {
        stream.sent = false; // goes out again with the same client_message_id: the server stores it once
      } else {
        if (stream.stopping) socket.send({ type: "cancel", message_id: stream.messageId });
        resume(stream);
      }
    }
    pump();
  }

  function onError({ message_id: id, error }) {
    // The socket closes after it, and comes back with a fresh token.
    if (error.code === "UNAUTHORIZED") return;
    const stream = id
      ? streams.find(({ messageId }) => messageId === id) || streams.find(({ sent, messageId }) => sent && !messageId)
      : streams.find(({ sent, messageId }) => sent && !messageId) || streams.find(({ resuming }) => resuming);
    if (!stream) return;
    if (stream.resuming || (stream.messageId && error.code === "NOT_FOUND")) settle(stream);
    else fail(stream, error.message);
  }

  const handlers = {
    queued(frame, stream) {
      note(stream, texts.ask.queued(frame.position, frame.estimated_seconds));
    },
    sources(frame, stream) {
      note(stream, texts.ask.reading(frame.citations.length));
    },
    chunk(frame, stream) {
      if (stream.text.length && frame.seq <= stream.lastSeq) return; // sent again after a resume
      stream.lastSeq = frame.seq;
      if (!stream.text.length && stream.node.isConnected) announce(texts.ask.started);
      follow(() => {
        stream.note.hidden = true;
        stream.text.appendData(frame.content);
      });
    },
    message_done(frame, stream) {
      finish(stream, frame.message);
    },
  };

  function onFrame(frame) {
    if (frame.type === "connected") onConnected();
    else if (frame.type === "error") onError(frame);
    else if (Object.hasOwn(handlers, frame.type)) {
      const stream = streamOf(frame);
      if (stream) handlers[frame.type](frame, stream);
    }
  }

  return { ask, adopt, stop, onFrame, find: (test) => streams.find(test) };
}
