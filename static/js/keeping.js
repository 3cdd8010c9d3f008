// What a person holds is not taken away by what changes meanwhile: an open menu and a field that is being edited stay
// as they are until they are left, and the focus stays where it is when the part around it is replaced.

const FIELDS = "input:not([type=button], [type=submit], [type=hidden]), select, textarea, [contenteditable]";
const waiting = new Map();

export function held(element) {
  const focused = element.contains(document.activeElement) && document.activeElement.matches(FIELDS);
  return focused || Boolean(element.querySelector("details[open], dialog[open]"));
}

// Calls `change` when nothing of the element is held any more; a later one takes its place.
export function whenLeft(element, change) {
  waiting.set(element, change);
}

function look() {
  for (const [element, change] of waiting) {
    if (element.isConnected && held(element)) continue;
    waiting.delete(element);
    if (element.isConnected) change();
  }
}
// After the event: then the focus is where it goes to.
for (const event of ["focusout", "toggle", "close"]) document.addEventListener(event, () => setTimeout(look), true);

// How the focused element is found again in what replaces it: by id, else by what it is and says.
function nameOf(element) {
  if (element.id) return (root) => root.querySelector(`#${CSS.escape(element.id)}`);
  const text = element.textContent.trim();
  const same = (other) => ["href", "name", "value", "data-copy"].every((key) => other.getAttribute(key) === element.getAttribute(key));
  const alike = (root) => [...root.querySelectorAll(element.localName)].filter(same);
  return (root) => alike(root).find((other) => other.textContent.trim() === text) || alike(root)[0];
}

export function keepFocus(element, change) {
  const focused = element.contains(document.activeElement) && document.activeElement !== element ? nameOf(document.activeElement) : null;
  change();
  if (focused) focused(element)?.focus({ preventScroll: true });
}

// htmx replaces parts, too. Those that a change brought about wait; whatever somebody asked for comes at once.
let lost = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig, elt } = event.detail;
  const byItself = requestConfig.triggeringEvent?.type.startsWith("live:");
  if (byItself && held(target)) {
    event.detail.shouldSwap = false;
    whenLeft(target, () => elt.closest("[data-topic]")?.dispatchEvent(new CustomEvent("live:changed", { bubbles: true })));
    return;
  }
  const focused = document.activeElement;
  lost = target.contains(focused) && focused !== target ? { within: target.parentElement, find: nameOf(focused) } : null;
});
// In the same turn as the swap: before what comes next sees that the focus is nowhere.
document.addEventListener("htmx:afterSwap", () => {
  if (lost && document.activeElement === document.body) lost.find(lost.within)?.focus({ preventScroll: true });
  lost = null;
});
