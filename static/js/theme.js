// Loaded before the first paint: follows the system where the account does not say light or dark.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
function follow() {
  if (root.dataset.theme === "auto") root.dataset.bsTheme = system.matches ? "dark" : "light";
}
follow();
system.addEventListener("change", follow);
