// The bell: how many notices wait. The server says it when the socket opens and whenever it changes; the page of notices
// then fetches its list again.

const MANY = 99;
let last = null;

export function showUnread(unread) {
  const bell = document.querySelector("[data-unread]");
  if (!bell) return;
  const before = Number(bell.dataset.unread);
  const dot = bell.querySelector(".b-dot");
  bell.dataset.unread = unread;
  bell.dataset.heard = "";
  dot.hidden = unread === 0;
  dot.firstChild.data = unread > MANY ? `${MANY}+` : String(unread);
  if (unread > before) document.querySelector("[data-unread-said]").textContent = `${dot.firstChild.data} unread notices`;
  // The first word of a page that shows as many already is no news.
  if (last !== null || unread !== before) document.querySelector("[data-notices]")?.dispatchEvent(new CustomEvent("live:notices"));
  last = unread;
}
