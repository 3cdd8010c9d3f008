// One socket for what changes while one looks. Server-rendered fragments replace the content of
// [data-topic] [data-fragment]; "changed" fires a DOM event that hx-trigger listens for.

const RETRY_FIRST = 500;
const RETRY_MOST = 15000;
const SIGNED_OUT = 4401;
const RIGHT_LOST = 4403;

export class Connection {
  // Stays connected to `path`: comes back with jitter, unless signed out or the right is gone.
  constructor(path, { opened, message, state }) {
    this.url = new URL(path, location.href.replace(/^http/, "ws"));
    this.handlers = { opened, message, state };
    this.wait = RETRY_FIRST;
    this.stopped = false;
    this.open();
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => { if (event.persisted) { this.stopped = false; this.open(); } });
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => { this.wait = RETRY_FIRST; this.handlers.state("open"); this.handlers.opened(); };
    socket.onmessage = (event) => this.handlers.message(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (this.socket !== socket || this.stopped) return;
      if (event.code === SIGNED_OUT || event.code === RIGHT_LOST) {
        this.stopped = true;
        this.handlers.state(event.code === SIGNED_OUT ? "signed-out" : "right-lost");
        return;
      }
      this.handlers.state("closed");
      const jitter = this.wait * (0.5 + Math.random());
      this.wait = Math.min(this.wait * 2, RETRY_MOST);
      this.timer = setTimeout(() => this.open(), jitter);
    };
  }

  hurry() { if (!this.stopped && this.socket.readyState === WebSocket.CLOSED) this.open(); }
  send(message) { if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message)); }
  stop() { this.stopped = true; clearTimeout(this.timer); this.socket.close(1000); }
}

const escaped = (text) => CSS.escape(text);
const topicsOnPage = () => new Set([...document.querySelectorAll("[data-topic]")].map((e) => e.dataset.topic));
let subscribed = new Set();
let connection = null;

function place(message) {
  const root = `[data-topic="${escaped(message.topic)}"]`;
  document.dispatchEvent(new CustomEvent("live:state", { detail: state }));
  const selector = `${root}[data-fragment="${escaped(message.target)}"], ${root} [data-fragment="${escaped(message.target)}"]`;
  for (const element of document.querySelectorAll(selector)) {
    if (held(element)) whenLeft(element, () => show(element, message.html));
    else show(element, message.html);
  }
}

function show(element, html) {
  if (element.dataset.html === html) return;
  element.dataset.html = html;
  // Parsed as a document of its own: nothing in it runs, and it was escaped where it was rendered.
  const parsed = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html");
  const fresh = parsed.querySelector("template").content;
  keepFocus(element, () => element.replaceChildren(document.adoptNode(fresh)));
  refreshTimes(element);
}

function received(message) {
  if (message.type === "fragment") place(message);
  else if (message.type === "changed") {
    for (const element of document.querySelectorAll(`[data-topic="${escaped(message.topic)}"]`)) {
      element.dispatchEvent(new CustomEvent(`live:${message.what}`, { bubbles: true }));
      element.dispatchEvent(new CustomEvent("live:changed", { bubbles: true, detail: message }));
    }
  } else if (message.type === "stale") say("stale", message.since);
  else if (message.type === "fresh") say("open");
  else document.dispatchEvent(new CustomEvent("live:message", { detail: message }));
}

// The foot of the sidebar says whether what one sees is live, and else since when it is not.
function say(state, since) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    element.dataset.liveState = state;
    for (const words of element.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
    const time = element.querySelector(`[data-when="${state}"] time`);
    if (time && since) { time.dateTime = since; time.textContent = clock(since); time.title = new Date(since).toString(); }
    else if (time && (state === "closed" || state === "crowded")) { time.dateTime = new Date().toISOString(); time.textContent = clock(new Date()); }
  }
  document.documentElement.dataset.live = state;
}

// The right to look ends, too, when what was being deleted is gone: the page has words for that.
function watched(state) {
  say(state);
  const words = document.querySelector("[data-gone]");
  if (state !== "right-lost" || !words || !document.querySelector("[data-going]")) return;
  for (const element of document.querySelectorAll("[data-topic]")) element.hidden = true;
  words.hidden = false;
}

const clock = (when) => new Date(when).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function sync() {
  const wanted = topicsOnPage();
  for (const topic of subscribed) if (!wanted.has(topic)) connection.send({ type: "unsubscribe", topic });
  for (const topic of wanted) if (!subscribed.has(topic)) connection.send({ type: "subscribe", topic });
  subscribed = wanted;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto", style: "short" });

// Times are written by the server; here they only grow older, and get the exact one in the viewer's zone.
export function refreshTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const when = new Date(element.dateTime);
    const seconds = (when - Date.now()) / 1000;
    const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
    element.textContent = unit ? relative.format(Math.round(seconds / unit[1]), unit[0]).replace(".", "").replace(" hr ", " h ") : "just now";
    element.title = when.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  }
}

// What changed between the page and its socket, or while the socket was away, was announced to nobody here:
// the parts that a viewer fetches are fetched once more. Fragments come by themselves.
function catchUp() {
  for (const element of document.querySelectorAll("[data-topic]")) element.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
}

if (document.querySelector("[data-topic]")) {
  connection = new Connection("/ws/live/", {
    opened: () => { subscribed = new Set(); sync(); catchUp(); },
    message: received,
    state: watched,
  });
  document.addEventListener("htmx:afterSettle", () => { if (document.documentElement.dataset.live === "open") sync(); refreshTimes(); });
}
refreshTimes();
