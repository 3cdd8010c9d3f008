// One socket for what changes while one looks. Server-rendered fragments replace the content of
// [data-topic] [data-fragment]; "changed" fires a DOM event that hx-trigger listens for.

import { Connection } from "./connection.js";
import { leave } from "./gone.js";
import { held, keepFocus, whenLeft } from "./keeping.js";
import { clock, refreshTimes } from "./times.js";
import { showUnread } from "./unread.js";

const escaped = (text) => CSS.escape(text);
const topicsOnPage = () => new Set([...document.querySelectorAll("[data-topic]")].map((e) => e.dataset.topic));
let subscribed = new Set();
let connection = null;

function place(message) {
  const root = `[data-topic="${escaped(message.topic)}"]`;
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
  } else if (message.type === "refused" && !message.why) ended();
  else if (message.type === "notices") showUnread(message.unread);
  else if (message.type === "stale") say("stale", message.since);
  else if (message.type === "fresh") say("open");
  else document.dispatchEvent(new CustomEvent("live:message", { detail: message }));
}

// The foot of the sidebar says whether what one sees is live, and else since when it is not.
function say(state, since) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    element.dataset.liveState = state;
    for (const words of element.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== state;
    const time = element.querySelector(`[data-when="${state}"] time`);
    if (time && since) { time.dateTime = since; time.textContent = clock(since); }
    else if (time && (state === "closed" || state === "crowded")) { time.dateTime = new Date().toISOString(); time.textContent = clock(new Date()); }
  }
  document.documentElement.dataset.live = state;
  document.dispatchEvent(new CustomEvent("live:state", { detail: state }));
}

// The right to look ends, too, when what one looks at is deleted, maybe before the socket asks. A namespace's page that
// showed its deletion has words for the end; in the place of any other page comes the server's page of what is gone.
function ended() {
  const words = document.querySelector("[data-gone]");
  if (!words || !document.querySelector("[data-going]")) return lookAgain();
  for (const element of document.querySelectorAll("[data-topic]")) element.hidden = true;
  words.hidden = false;
}

function watched(state) {
  say(state);
  if (state === "right-lost") ended();
}

async function lookAgain() {
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
  if (answer.status === 404) leave(await answer.text());
}

function sync() {
  const wanted = topicsOnPage();
  for (const topic of subscribed) if (!wanted.has(topic)) connection.send({ type: "unsubscribe", topic });
  for (const topic of wanted) if (!subscribed.has(topic)) connection.send({ type: "subscribe", topic });
  subscribed = wanted;
}

// The bell alone does not make a page live: its foot says "as of now".
const live = document.querySelector("[data-topic]") !== null;
if (live || document.querySelector("[data-unread]")) {
  connection = new Connection("/ws/live/", {
    opened: () => { subscribed = new Set(); sync(); connection.send({ type: "subscribe", topic: "me" }); },
    message: received,
    state: (state) => { if (live) watched(state); },
  });
  document.addEventListener("htmx:afterSettle", () => { if (document.documentElement.dataset.live === "open") sync(); refreshTimes(); });
}
refreshTimes();
