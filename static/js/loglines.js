// What a log line is made of: level, ANSI colors from an allow-list, harmless text, resume tokens.
// Everything becomes text nodes; nothing that a program printed is ever parsed as HTML.

const LEVEL = /^(?:\S*\d\S*[T ]?\S*\s+)?\[?"?(?:level"?\s*[=:]\s*"?)?(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|PANIC)\b/i;
const JSON_LEVEL = /"(?:level|severity|lvl)"\s*:\s*"(\w+)"/i;
const BAD = new Set(["ERROR", "ERR", "FATAL", "CRITICAL", "PANIC"]);

export function levelOf(text) {
  const head = text.slice(0, 200);
  const found = JSON_LEVEL.exec(head) || LEVEL.exec(head);
  if (!found) return "";
  const word = found[1].toUpperCase();
  if (BAD.has(word)) return "ERROR";
  return word.startsWith("WARN") ? "WARN" : word === "NOTICE" ? "INFO" : word;
}

// Bidirectional controls and other invisible characters could make a line look like another one: they are shown by name.
const INVISIBLE = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const ESCAPE = /\u001b(?:\[([0-9;:]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])?/g;
const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

const visible = (text) => text.replace(INVISIBLE, (c) => `‹${c.codePointAt(0).toString(16).padStart(4, "0")}›`);

// Splits into [{text, style}]; style is a class name of the allow-list or "". Other escapes leave nothing behind.
export function segments(raw) {
  const parts = [];
  let style = "";
  let at = 0;
  for (const match of raw.matchAll(ESCAPE)) {
    if (match.index > at) parts.push({ text: visible(raw.slice(at, match.index)), style });
    at = match.index + match[0].length;
    if (match[2] === "m") style = colorOf(match[1], style);
  }
  if (at < raw.length) parts.push({ text: visible(raw.slice(at)), style });
  return parts;
}

function colorOf(codes, style) {
  for (const code of codes.split(/[;:]/).map(Number)) {
    if (code === 0 || code === 39) style = "";
    else if (code === 1) style = style || "b-ansi-bold";
    else if (code >= 30 && code <= 37) style = `b-ansi-${COLORS[code - 30]}`;
    else if (code >= 90 && code <= 97) style = `b-ansi-${COLORS[code - 90]}`;
    else if (code === 38 || code === 48) break;
  }
  return style;
}

export const plain = (raw) => visible(raw.replace(ESCAPE, ""));

// CRC-32 of the UTF-8 text, as the server computes it for resume tokens.
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
const encoder = new TextEncoder();

function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of encoder.encode(text)) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const WINDOW = 64;

// The newest lines of each source, so that a reconnect loses and doubles nothing.
export class Resume {
  constructor() { this.sources = new Map(); }

  saw(source, lines) {
    const kept = this.sources.get(source) || [];
    kept.push(...lines.slice(-WINDOW));
    if (kept.length > WINDOW) kept.splice(0, kept.length - WINDOW);
    this.sources.set(source, kept);
  }

  forget(source) { this.sources.delete(source); }

  tokens() {
    return [...this.sources].map(([source, lines]) => ({ source, last: lines.map(([ns, text]) => [ns, crc32(text)]) }));
  }
}
