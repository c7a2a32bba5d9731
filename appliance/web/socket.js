// One WebSocket that comes back by itself, each time with a fresh token.

import { ApiError } from "./api.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const HEARTBEAT_MS = 20_000;
const CONNECT_MS = 15_000;
const POLICY_VIOLATION = 1008; // how the server closes when it refuses the token

export class Socket {
  #token;
  #onFrame;
  #onState;
  #ws = null;
  #wanted = false;
  #ready = false;
  #tries = 0;
  #retry = 0;
  #watch = 0;
  #heard = false;
  #rejected = undefined;

  /** `token(rejected)` gives an access token; `onState` hears "connecting", "online" or "offline". */
  constructor({ token, onFrame, onState }) {
    this.#token = token;
    this.#onFrame = onFrame;
    this.#onState = onState;
  }

  get ready() {
    return this.#ready;
  }

  open() {
    this.#wanted = true;
    window.addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  close() {
    this.#wanted = false;
    window.removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#drop();
  }

  /** False when there is no connection: the caller keeps the frame. */
  send(frame) {
    if (!this.#ready) return false;
    this.#ws.send(JSON.stringify(frame));
    return true;
  }

  #hurry = () => {
    if (this.#wanted && !this.#ws && this.#retry && !document.hidden) this.#connect();
  };

  async #connect() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#onState("connecting");
    let token;
    try {
      token = await this.#token(this.#rejected);
    } catch (error) {
      // Without a session there is nothing to come back for; the page is at the log-in form already.
      if (!(error instanceof ApiError && error.status === 401)) this.#later();
      return;
    }
    if (!this.#wanted || this.#ws) return;
    const url = new URL("/ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const ws = new WebSocket(url);
    this.#ws = ws;
    this.#watch = setTimeout(() => this.#lost(ws, 0, token), CONNECT_MS);
    // The token goes in the first message, so that it stands in no address and no log.
    ws.addEventListener("open", () => ws.send(JSON.stringify({ type: "auth", token })));
    ws.addEventListener("message", (event) => this.#received(ws, event));
    ws.addEventListener("close", (event) => this.#lost(ws, event.code, token));
  }

  #received(ws, event) {
    if (ws !== this.#ws) return;
    let frame;
    try {
      frame = JSON.parse(event.data);
    } catch {
      return;
    }
    this.#heard = true;
    if (frame.type === "connected") {
      this.#ready = true;
      this.#tries = 0;
      this.#rejected = undefined;
      clearTimeout(this.#watch);
      this.#watch = setInterval(() => this.#beat(ws), HEARTBEAT_MS);
      this.#onState("online");
    }
    this.#onFrame(frame);
  }

  // Counts silent beats rather than seconds: timers of a hidden tab run late.
  #beat(ws) {
    if (!this.#heard) {
      this.#lost(ws, 0);
      return;
    }
    this.#heard = false;
    this.send({ type: "ping" });
  }

  #lost(ws, code, token) {
    if (ws !== this.#ws) return;
    if (code === POLICY_VIOLATION) this.#rejected = token;
    this.#drop();
    if (this.#wanted) this.#later();
  }

  #drop() {
    clearTimeout(this.#watch);
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#ready = false;
    const ws = this.#ws;
    this.#ws = null;
    ws?.close();
  }

  #later() {
    if (!this.#wanted) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#tries, LONGEST_DELAY_MS);
    this.#tries += 1;
    this.#onState("offline");
    // Spread out, so that a whole hospital does not come back in the same instant.
    this.#retry = setTimeout(() => this.#connect(), delay * (0.5 + Math.random()));
  }
}
