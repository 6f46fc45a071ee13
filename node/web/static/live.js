// Keeps the live part of a page fresh: asks for it again when the node tells that something happened,
// and now and then where it cannot tell. Whoever pauses it, or looks at another tab, is left alone.
"use strict";

(() => {
  const REST_MS = 1000; // never asks more often
  const POLL_MS = 3000; // without the node's word
  const live = document.querySelector("[data-live]");
  const pause = document.getElementById("pause");
  let last = 0;
  let waiting = null;

  const isPaused = () => pause !== null && pause.getAttribute("aria-pressed") === "true";

  function tell() {
    waiting = null;
    if (document.hidden || isPaused()) return;
    last = Date.now();
    htmx.trigger(live ?? document.body, "news"); // rises to the document, where charts listen
  }

  function hear() {
    if (waiting === null) {
      waiting = setTimeout(tell, Math.max(0, last + REST_MS - Date.now()));
    }
  }

  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      const paused = !isPaused();
      pause.setAttribute("aria-pressed", String(paused));
      if (!paused) hear();
    });
  }

  if (live || document.querySelector("[data-chart]")) {
    setInterval(() => {
      if (Date.now() - last >= POLL_MS) hear();
    }, POLL_MS);
    document.addEventListener("visibilitychange", hear);
  }
})();
