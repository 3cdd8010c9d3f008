// Times are written by the server, in the words that are used here too; on a page that stays open they grow older.
// `data-relative` is "2 min ago", `data-age` "1 min 48 s", `data-lasting` the same however long, `data-clock` the time of
// day. Parts that came over the socket are the same for all viewers: their times are put into the viewer's zone here.

const root = document.documentElement;
export const timeZone = root.dataset.zone || "UTC";
const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const exactly = new Intl.DateTimeFormat(root.lang || "en", { timeZone, dateStyle: "full", timeStyle: "long" });

export const clock = (when) => timeOfDay.format(new Date(when));

const UNITS = [["day", 86400], ["h", 3600], ["min", 60]];

function relative(seconds) {
  if (Math.abs(seconds) < 45) return seconds >= -5 ? "just now" : "in a moment";
  const [unit, length] = UNITS.find(([name, length]) => Math.abs(seconds) >= length || name === "min");
  const number = Math.max(1, Math.round(Math.abs(seconds) / length));
  const said = `${number} ${unit}${unit === "day" && number > 1 ? "s" : ""}`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

// As cluster/rollout/facts.py says a span: two units, the second left out when it is none.
function lasting(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

// From ten minutes on its first unit is enough.
const age = (seconds) => lasting(seconds).split(" ").slice(0, Math.abs(seconds) < 600 ? 4 : 2).join(" ");

const WORDS = [["relative", relative], ["age", age], ["lasting", lasting], ["clock", (seconds, when) => clock(when)]];

// Gives each time the words of now, and the exact moment in the viewer's zone.
export function refreshTimes(within = document) {
  for (const element of within.querySelectorAll("time[data-relative], time[data-age], time[data-lasting], time[data-clock]")) {
    const when = new Date(element.dateTime);
    const [, words] = WORDS.find(([name]) => name in element.dataset);
    const said = words((Date.now() - when) / 1000, when);
    if (element.textContent !== said) element.textContent = said;
    if (element.dataset.exact === element.dateTime) continue;
    element.dataset.exact = element.dateTime;
    element.title = exactly.format(when);
  }
}

setInterval(() => { if (!document.hidden) refreshTimes(); }, 1000);
addEventListener("visibilitychange", () => refreshTimes());
