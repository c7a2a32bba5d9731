// The form that adds a document to the library.

import { upload } from "./api.js";
import { el, fill } from "./dom.js";
import { texts } from "./texts.js";

export const PATH = "/api/admin/kb/documents";

const words = texts.documents;

/** A fraction of 0..1 as whole percent. */
export function percentOf(fraction) {
  return Math.round(Math.min(Math.max(fraction || 0, 0), 1) * 100);
}

/** `onAccepted(document)` follows an upload that the server has taken. */
export function createUpload({ onAccepted }) {
  const file = el("input", { type: "file", id: "document-file", accept: ".pdf,.txt,application/pdf,text/plain" });
  const title = el("input", { type: "text", id: "document-title", maxlength: 300, autocomplete: "off" });
  const category = el("input", { type: "text", id: "document-category", maxlength: 100, autocomplete: "off" });
  const submit = el("button", { type: "submit", class: "button primary" }, words.upload);
  const report = el("div", { class: "upload-report", "aria-live": "polite" });
  const field = (input, label) => el("div", { class: "field" }, el("label", { for: input.id }, label), input);
  const element = el(
    "form",
    { class: "upload card", "aria-labelledby": "add-title", on: { submit: onSubmit } },
    el("h2", { id: "add-title" }, words.add),
    el(
      "div",
      { class: "upload-fields" },
      field(file, words.file),
      field(title, words.name),
      field(category, words.category),
      submit,
    ),
    report,
  );

  function formData(chosen) {
    const data = new FormData();
    // Text fields first: the server reads the body as a stream and may act on the file as it comes.
    if (title.value.trim()) data.append("title", title.value.trim());
    if (category.value.trim()) data.append("category", category.value.trim());
    data.append("file", chosen, chosen.name);
    return data;
  }

  async function onSubmit(event) {
    event.preventDefault();
    const chosen = file.files[0];
    if (!chosen) {
      complain({ message: words.noFile });
      file.focus();
      return;
    }
    const bar = el("progress", { max: 100, value: 0, "aria-label": words.sending(chosen.name) });
    const line = el("span", { class: "muted", "aria-hidden": "true" }, words.sent(0));
    fill(report, el("p", {}, words.sending(chosen.name)), el("div", { class: "row" }, bar, line));
    submit.disabled = true;
    try {
      const doc = await upload(PATH, formData(chosen), (fraction) => {
        bar.value = percentOf(fraction);
        fill(line, words.sent(bar.value));
      });
      fill(report, el("p", { class: "good" }, words.accepted(doc.title)));
      element.reset();
      onAccepted(doc);
    } catch (error) {
      complain(error);
    } finally {
      submit.disabled = false;
    }
  }

  /** Show what went wrong, with this form or with the list below it. */
  function complain(error) {
    fill(report, el("p", { class: "error", role: "alert" }, error.message));
    report.scrollIntoView({ block: "nearest" });
  }

  return { element, complain };
}
