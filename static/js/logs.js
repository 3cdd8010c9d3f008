// The log view: rows of one height of which only those in sight exist, so that 100,000 lines stay smooth.

import { Connection } from "./connection.js";
import { Resume, levelOf, plain, segments } from "./loglines.js";
import { clock as timeOfDay } from "./times.js";

const MOST = 100000;
const OVERSCAN = 12;
const WRAPPED = 1000;

const view = document.querySelector("[data-log-app]");
const find = (name) => view.querySelector(`[data-log="${name}"]`);
const list = find("list");
const canvas = find("canvas");
const model = { rows: [], shown: [], pods: new Map(), lines: 0, skipped: 0, since: null, waiting: 0, viewers: 1 };
const state = { filter: "", level: "", hidden: new Set(), paused: false, wrap: false, follow: true, pausedAt: null };
const resume = new Resume();
// Rows are taller where the page is narrow: the style sheet says how tall.
let rowHeight = 20;
let history = [];
let collecting = true;
let drawing = false;
let scrolledTo = 0;
// Lines that came since `at`, and from when to when they were written.
const counting = (shown) => ({ at: performance.now(), lines: 0, oldest: Infinity, newest: -Infinity, shown });
let rate = counting(0);

const LEVELS = { "": null, WARN: new Set(["WARN", "ERROR"]), ERROR: new Set(["ERROR"]) };

function visibleRow(row) {
  if (row.pod && state.hidden.has(row.pod.name)) return false;
  if (row.mark) return true;
  const levels = LEVELS[state.level];
  if (levels && !levels.has(row.level)) return false;
  return !state.filter || row.plain.toLowerCase().includes(state.filter);
}

function add(row) {
  model.rows.push(row);
  if (row.mark === undefined) { model.lines += 1; count(row); model.since = model.since || row.when; }
  if (!visibleRow(row)) return;
  if (state.paused) model.waiting += 1;
  else model.shown.push(row);
}

function count(row) {
  rate.lines += 1;
  rate.oldest = Math.min(rate.oldest, row.when);
  rate.newest = Math.max(rate.newest, row.when);
}

function trim() {
  if (model.rows.length <= MOST + 5000) return;
  const gone = new Set(model.rows.splice(0, model.rows.length - MOST));
  model.shown = model.shown.filter((row) => !gone.has(row));
}

function rebuild() {
  model.shown = model.rows.filter(visibleRow);
  model.waiting = 0;
  draw();
}

const milliseconds = (ns) => Number(BigInt(ns) / 1000000n);

function received(message) {
  if (message.type === "pods") setPods(message);
  else if (message.type === "lines") takeLines(message);
  else if (message.type === "live") finishHistory();
  else if (message.type === "skipped") {
    model.skipped += message.count;
    add({ mark: "gap", when: milliseconds(message.to), pod: podOf(message.source), text: `${message.count.toLocaleString()} lines skipped: this view was too slow. ${clock(milliseconds(message.from))} to ${clock(milliseconds(message.to))}` });
  } else if (message.type === "gap") add({ mark: "gap", when: Date.now(), pod: podOf(message.source), text: message.why });
  else if (message.type === "began") mark(message, message.source);
  else if (message.type === "ended") { resume.forget(message.source); mark(message, null); }
  else if (message.type === "full") say(message.waiting ? "full" : "open", waits(message));
  else if (message.type === "refused") say("refused");
  draw();
}

const waits = ({ waiting, why }) => `${waiting} ${waiting === 1 ? "pod is" : "pods are"} not followed yet. ${why}`;

function mark(message, previous) {
  add({ mark: "end", when: Date.now(), pod: podOf(message.source), text: message.why, previous, source: message.source });
}

// The last lines of the run before stand before the mark that says where this one began.
function insertBefore(source, rows) {
  const at = model.rows.findIndex((row) => row.mark && row.source === source);
  model.rows.splice(Math.max(at, 0), 0, ...rows);
  model.lines += rows.length;
  state.follow = false;
  rebuild();
}

const podOf = (source) => model.pods.get(source);

function takeLines(message) {
  const pod = podOf(message.source);
  if (!message.old) resume.saw(message.source, message.lines);
  const rows = message.lines.map(([ns, text, cut]) => ({ ns, when: milliseconds(ns), text: cut ? `${text} … ${cut.toLocaleString()} bytes cut` : text, plain: plain(text), level: levelOf(text), pod }));
  if (message.old) insertBefore(message.source, rows);
  else if (collecting) history.push(...rows);
  else rows.forEach(add);
}

// Lines from before now come source by source: they are put in order of time once.
function finishHistory() {
  if (!collecting) return;
  collecting = false;
  history.sort((a, b) => (a.ns.length - b.ns.length) || (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
  history.forEach(add);
  history = [];
  find("empty").hidden = model.rows.length > 0;
}

function setPods(message) {
  const names = new Map([...model.pods.values()].map((pod) => [pod.name, pod]));
  for (const pod of message.pods) {
    const known = names.get(pod.name) || { name: pod.name, short: pod.short, release: pod.release, color: (names.size % 6) + 1 };
    known.here = true;
    names.set(pod.name, known);
    model.pods.set(pod.source, known);
  }
  const here = new Set(message.pods.map((pod) => pod.name));
  for (const pod of names.values()) pod.here = here.has(pod.name);
  model.viewers = message.viewers;
  drawChips([...names.values()]);
}

function drawChips(pods) {
  const box = find("chips");
  box.replaceChildren(...pods.map((pod) => {
    const chip = find("chip").content.firstElementChild.cloneNode(true);
    chip.querySelector("svg").classList.add(`b-pod-${pod.color}`);
    chip.querySelector("code").textContent = pod.short;
    chip.querySelector("span").textContent = pod.here ? `v${pod.release}` : "gone";
    chip.setAttribute("aria-pressed", String(!state.hidden.has(pod.name)));
    chip.title = pod.name;
    chip.onclick = () => {
      if (!state.hidden.delete(pod.name)) state.hidden.add(pod.name);
      chip.setAttribute("aria-pressed", String(!state.hidden.has(pod.name)));
      rebuild();
    };
    return chip;
  }));
}

const clock = (ms) => `${timeOfDay(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function lineElement(row) {
  if (row.mark) return markElement(row);
  const line = element("div", `b-line${row.level === "WARN" ? " warn" : row.level === "ERROR" ? " error" : ""}`);
  const time = element("time", "", clock(row.when));
  time.dateTime = new Date(row.when).toISOString();
  time.title = `${new Date(row.when).toString()} (${row.ns})`;
  const pod = element("span", `pod b-pod-${row.pod ? row.pod.color : 1}`, row.pod ? row.pod.short : "");
  if (row.pod) pod.title = row.pod.name;
  const text = element("span", "t");
  if (state.filter) text.append(...marked(row.plain));
  else for (const part of segments(row.text)) text.append(part.style ? element("span", part.style, part.text) : part.text);
  if (!state.wrap) text.title = row.plain.slice(0, 2000);
  line.append(time, pod, element("span", "lv", row.level), text);
  return line;
}

function marked(text) {
  const low = text.toLowerCase();
  const parts = [];
  let at = 0;
  for (let hit = low.indexOf(state.filter); hit >= 0 && parts.length < 100; hit = low.indexOf(state.filter, at)) {
    parts.push(text.slice(at, hit), element("mark", "", text.slice(hit, hit + state.filter.length)));
    at = hit + state.filter.length;
  }
  parts.push(text.slice(at));
  return parts;
}

function markElement(row) {
  const line = element("div", `b-break${row.mark === "gap" ? " gap" : ""}`);
  const words = element("span");
  if (row.pod) words.append(element("b", `b-medium b-pod-${row.pod.color}`, row.pod.short), " ");
  words.append(row.text);
  line.append(words);
  if (row.previous) {
    const button = element("button", "b-link", "Last 50 lines before it");
    button.type = "button";
    button.onclick = () => { connection.send({ type: "previous", source: row.previous, lines: 50 }); row.previous = null; button.remove(); };
    line.append(button);
  }
  return line;
}

function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(paint);
}

function paint() {
  drawing = false;
  trim();
  const rows = model.shown;
  rowHeight = Number(getComputedStyle(list).getPropertyValue("--log-row")) || 20;
  list.classList.toggle("wrap", state.wrap);
  if (state.wrap) {
    canvas.style.height = "";
    canvas.style.paddingTop = "";
    canvas.replaceChildren(...rows.slice(-WRAPPED).map(lineElement));
  } else {
    const height = rows.length * rowHeight;
    canvas.style.height = `${height}px`;
    if (state.follow && !state.paused) list.scrollTop = height;
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - OVERSCAN);
    const last = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + OVERSCAN);
    canvas.style.paddingTop = `${first * rowHeight}px`;
    canvas.replaceChildren(...rows.slice(first, last).map(lineElement));
  }
  if (state.follow && !state.paused) list.scrollTop = list.scrollHeight;
  figures();
}

function figures() {
  const lines = model.shown.filter((row) => !row.mark).length;
  find("found").textContent = state.filter || state.level || state.hidden.size ? `${lines.toLocaleString()} of ${model.lines.toLocaleString()} lines` : `${model.lines.toLocaleString()} lines`;
  find("sum").textContent = `${model.lines.toLocaleString()} shown + ${model.skipped.toLocaleString()} skipped = ${(model.lines + model.skipped).toLocaleString()}${model.since ? ` since ${clock(model.since).slice(0, 8)}` : ""}`;
  const pods = new Set([...model.pods.values()].filter((pod) => pod.here)).size;
  find("rate").textContent = `${pods} ${pods === 1 ? "pod" : "pods"}, ${rate.shown} lines/s`;
  find("viewers").textContent = model.viewers === 1 ? "1 person reads this log" : `${model.viewers} people read this log`;
  find("more").hidden = !state.paused;
  find("paused-at").textContent = state.pausedAt || "";
  find("waiting").textContent = `${model.waiting.toLocaleString()} new ${model.waiting === 1 ? "line" : "lines"}`;
  find("empty").hidden = model.rows.length > 0;
}

function pause(on) {
  state.paused = on;
  state.pausedAt = on ? clock(Date.now()).slice(0, 8) : null;
  const button = find("pause");
  button.setAttribute("aria-pressed", String(on));
  for (const words of button.querySelectorAll("[data-when]")) words.hidden = (words.dataset.when === "paused") !== on;
  if (on) draw();
  else { state.follow = true; rebuild(); }
}

function say(name, detail) {
  for (const words of view.querySelectorAll("[data-log-state]")) {
    words.hidden = words.dataset.logState !== name;
    const place = words.querySelector("[data-detail]");
    if (place && detail) place.textContent = detail;
  }
}

function download() {
  const text = model.rows.filter((row) => !row.mark && visibleRow(row)).map((row) => `${new Date(row.when).toISOString()} ${row.pod ? row.pod.name : ""} ${row.plain}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(text, { type: "text/plain" }));
  link.download = `${view.dataset.logName}.log`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

find("filter").addEventListener("input", (event) => { state.filter = event.target.value.toLowerCase(); rebuild(); });
find("level").addEventListener("change", (event) => { state.level = event.target.value; rebuild(); });
find("pause").addEventListener("click", () => pause(!state.paused));
find("show").addEventListener("click", () => pause(false));
find("wrap").addEventListener("click", (event) => { state.wrap = !state.wrap; event.currentTarget.setAttribute("aria-pressed", String(state.wrap)); draw(); });
find("download").addEventListener("click", download);
list.addEventListener("scroll", () => {
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - rowHeight;
  // Only going up ends following: a list that grew or shrank meanwhile is not at its end either.
  if (!state.paused) state.follow = atEnd || (state.follow && list.scrollTop >= scrolledTo);
  scrolledTo = list.scrollTop;
  draw();
}, { passive: true });
new ResizeObserver(draw).observe(list);
setInterval(() => {
  // Lines from before the page was opened come all at once: they took as long as their own times say.
  const took = Math.max(1, performance.now() - rate.at, rate.newest - rate.oldest);
  rate = counting(Math.round((rate.lines * 1000) / took));
  figures();
}, 2000);

// The page's other socket says whether the cluster answers.
document.addEventListener("live:state", (event) => {
  if (event.detail === "stale") say("stale");
  else if (event.detail === "open" && !view.querySelector("[data-log-state=stale]").hidden) say("open");
});

const connection = new Connection("/ws/logs/", {
  opened: () => connection.send({ type: "open", app: Number(view.dataset.logApp), tail: 200, resume: resume.tokens() }),
  message: received,
  state: (name) => say(name),
});
