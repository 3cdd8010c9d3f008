// Loaded before the first paint: says that scripts run, and follows the system where the account does not say light or dark.
const root = document.documentElement;
root.dataset.js = "on";
const system = matchMedia("(prefers-color-scheme: dark)");
function follow() {
  if (root.dataset.theme === "auto") root.dataset.bsTheme = system.matches ? "dark" : "light";
}
follow();
system.addEventListener("change", follow);
