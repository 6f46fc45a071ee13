// Keeps the live part of a page fresh: asks for it again when the node tells that something happened,
// and now and then all the same, since some things change without a word. Whoever pauses it, or looks
// at another tab, is left alone, and then the node is not listened to either.
"use strict";

(() => {
  const REST_MS = 1000; // never asks more often
  const POLL_MS = 3000; // when the node has said nothing for so long
  const KINDS = ["block", "final", "reorganisation", "view", "peer", "committee", "alarm"];
  const live = document.querySelector("[data-live]");
  const pause = document.getElementById("pause");
  let last = 0;
  let waiting = null;
  let source = null;

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

  function listen() {
    const wanted = !document.hidden && !isPaused();
    if (wanted && source === null) {
      source = new EventSource(`/v1/events?kinds=${KINDS.join(",")}`);
      KINDS.forEach((kind) => source.addEventListener(kind, hear));
    } else if (!wanted && source !== null) {
      source.close();
      source = null;
    }
    if (wanted) hear();
  }

  // What is read aloud stands outside the part that changes, and only what is new is said.
  function say() {
    const said = document.getElementById("said");
    const text = live?.querySelector("[data-say]")?.dataset.say;
    if (said && text && said.textContent !== text) said.textContent = text;
  }

  if (live) {
    live.addEventListener("htmx:afterSwap", say);
    say();
  }

  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      pause.setAttribute("aria-pressed", String(!isPaused()));
      listen();
    });
  }

  if (live || document.querySelector("[data-chart]")) {
    setInterval(() => {
      if (Date.now() - last >= POLL_MS) hear();
    }, POLL_MS);
    document.addEventListener("visibilitychange", listen);
    window.addEventListener("pagehide", () => source?.close());
    listen();
  }
})();
