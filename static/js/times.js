// Times are written by the server, in the words that are used here too; on a page that stays open they grow older.
// `data-relative` is "2 min ago", `data-age` "1 min 48 s", `data-lasting` the same in two units always.

const UNITS = [["day", 86400], ["h", 3600], ["min", 60]];

function relative(seconds) {
  if (Math.abs(seconds) < 45) return seconds >= -5 ? "just now" : "in a moment";
  const [unit, length] = UNITS.find(([name, length]) => Math.abs(seconds) >= length || name === "min");
  const number = Math.max(1, Math.round(Math.abs(seconds) / length));
  const said = `${number} ${unit}${unit === "day" && number > 1 ? "s" : ""}`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

const two = (number) => String(number).padStart(2, "0");

function lasting(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  const days = Math.floor(whole / 86400);
  return days === 1 ? "1 day" : `${days} days`;
}

function age(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  if (whole >= 600 && whole < 3600) return `${Math.floor(whole / 60)} min`;
  return whole >= 3600 && whole < 86400 ? `${Math.floor(whole / 3600)} h` : lasting(seconds);
}

const WORDS = [["relative", relative], ["age", age], ["lasting", lasting]];

// Gives each time the words of now, and the exact moment in the viewer's zone.
export function refreshTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-relative], time[data-age], time[data-lasting]")) {
    const when = new Date(element.dateTime);
    const [, words] = WORDS.find(([name]) => name in element.dataset);
    const said = words((Date.now() - when) / 1000);
    if (element.textContent !== said) element.textContent = said;
    if (element.dataset.exact === element.dateTime) continue;
    element.dataset.exact = element.dateTime;
    element.title = when.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  }
}

setInterval(() => { if (!document.hidden) refreshTimes(); }, 1000);
addEventListener("visibilitychange", () => refreshTimes());
