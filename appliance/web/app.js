// The page: who is logged in, which view is on show, and what joins the parts.

import { call } from "./api.js";
import { createChat } from "./chat.js";
import { createEvidence } from "./citations.js";
import { createConversations } from "./conversations.js";
import { createDocuments } from "./documents.js";
import { button, el, fill } from "./dom.js";
import { createLinkForm, LINK, takeLink } from "./link.js";
import { createLogin } from "./login.js";
import { session } from "./session.js";
import { Socket } from "./socket.js";
import { texts } from "./texts.js";

const root = document.getElementById("app");
const version = el("span", {});
const footer = () => el("footer", { class: "footer" }, el("span", {}, texts.footer), version);
let leave = () => {};

function showLogin(message) {
  leave();
  leave = () => {};
  // What the last reader saw must not stay behind for the next.
  history.replaceState(null, "", location.pathname);
  const login = createLogin({ message, onUser: showPage });
  fill(root, login.element, footer());
  login.focus();
  return login;
}

/** The reader came by a one-time link: first a password, then the log-in with it. */
function showLink(token) {
  const form = createLinkForm({
    token,
    onPassword: (email, password) => showLogin(texts.link.done).logIn(email, password),
    onLeave: () => showLogin(""),
  });
  fill(root, form.element, footer());
  form.focus();
}

function showPage(user) {
  const layout = el("div", { class: "layout" });
  const evidence = createEvidence((open) => layout.classList.toggle("with-evidence", open));
  const socket = new Socket({
    token: session.token,
    onFrame: (frame) => chat.onFrame(frame),
    onState: showConnection,
  });
  const chat = createChat({ socket, evidence, onConversation, isAdmin: user.is_admin });
  const conversations = createConversations({ onFresh: freshChat, onDeleted });
  const documents = user.is_admin ? createDocuments() : null;
  const main = el("main", { class: "main" }, chat.element, documents?.element);

  const connection = el("span", { class: "connection", role: "status" });
  const askLink = el("a", { href: "#/", class: "nav-link" }, texts.nav.ask);
  const documentsLink = el("a", { href: "#/documents", class: "nav-link" }, texts.nav.documents);
  let chatHash = null; // the conversation that stands in the chat, also while the documents are on show
  const toggle = button(texts.nav.conversations, "quiet small side-toggle", () => showSide(!layout.classList.contains("with-side")), {
    "aria-expanded": "false",
    "aria-controls": "side",
  });
  const header = el(
    "header",
    { class: "bar" },
    toggle,
    el("a", { href: "#/", class: "brand", on: { click: freshChat } }, el("img", { src: "/static/icon.svg", alt: "", width: 32, height: 32 }), texts.product),
    documents && el("nav", { class: "pages", "aria-label": texts.nav.label }, askLink, documentsLink),
    connection,
    el("span", { class: "who" }, user.full_name || user.email),
    button(texts.logout, "quiet small", session.logout, { id: "log-out" }),
  );

  function showConnection(state) {
    connection.dataset.state = state;
    fill(connection, texts.connection[state]);
  }

  function showSide(open) {
    layout.classList.toggle("with-side", open);
    toggle.setAttribute("aria-expanded", String(open));
  }

  function freshChat(event) {
    event?.preventDefault();
    chatHash = null;
    if (location.hash === "#/" || !location.hash) route();
    else location.hash = "#/";
  }

  function route() {
    const wantsDocuments = location.hash === "#/documents" && documents !== null;
    showSide(false);
    chat.element.hidden = wantsDocuments;
    if (documents) documents.element.hidden = !wantsDocuments;
    (wantsDocuments ? documentsLink : askLink).setAttribute("aria-current", "page");
    (wantsDocuments ? askLink : documentsLink).removeAttribute("aria-current");
    if (wantsDocuments) {
      evidence.close();
      conversations.mark(null);
      documents.show();
      return;
    }
    documents?.hide();
    const hash = location.hash || "#/";
    const id = /^#\/c\/([\w-]+)$/.exec(hash)?.[1] || null;
    conversations.mark(id);
    if (hash === chatHash) return;
    keepHash(hash);
    if (id) chat.open(id);
    else chat.fresh();
  }

  function keepHash(hash) {
    chatHash = hash;
    askLink.setAttribute("href", hash);
  }

  /** An answer began or ended; `id` when the conversation on show has just got its id. */
  function onConversation(id) {
    if (id) {
      keepHash(`#/c/${id}`);
      if (location.hash !== "#/documents") {
        history.replaceState(null, "", chatHash);
        conversations.mark(id);
      }
    }
    conversations.refresh();
  }

  function onDeleted(id) {
    if (chat.conversationId === id) freshChat();
  }

  function onEscape(event) {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      evidence.close();
      showSide(false);
    }
  }

  // An ordinary link to #question would be taken for an address of the page.
  const skip = button(texts.skip, "skip", () => document.getElementById("question").focus());
  fill(layout, conversations.element, main, evidence.element);
  fill(root, skip, header, layout, footer());
  window.addEventListener("hashchange", route);
  document.addEventListener("keydown", onEscape);
  leave = () => {
    window.removeEventListener("hashchange", route);
    document.removeEventListener("keydown", onEscape);
    documents?.hide();
    socket.close();
  };
  socket.open();
  conversations.refresh();
  route();
}

async function start() {
  // A link that is opened in a tab where the page already stands changes the address alone.
  window.addEventListener("hashchange", () => {
    if (location.hash.startsWith(LINK)) location.reload();
  });
  session.onEnd(showLogin);
  call("/health").then(
    (health) => fill(version, texts.version(health.appliance_version)),
    () => {},
  );
  const link = takeLink();
  if (link) {
    showLink(link);
    return;
  }
  fill(root, el("p", { class: "muted starting" }, texts.loading));
  let user = null;
  let message = "";
  try {
    user = await session.restore();
  } catch (error) {
    message = error.message;
  }
  if (user) showPage(user);
  else showLogin(message);
}

start();
