"use strict";

const FONT = "system-ui, sans-serif";

Redoc.init(
  "/openapi.json",
  {
    // Its search runs in a worker made from a string, which the page's policy forbids.
    disableSearch: true,
    hideHostname: true,
    theme: {
      typography: {
        fontFamily: FONT,
        headings: { fontFamily: FONT },
        code: { fontFamily: "ui-monospace, monospace" },
      },
    },
  },
  document.getElementById("redoc"),
);
