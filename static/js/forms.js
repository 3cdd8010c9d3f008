// What forms and menus do beyond plain HTML; every page works without it.

import { leave } from "./gone.js";

const theme = document.querySelector("[data-theme-toggle]");
theme?.form.addEventListener("submit", (event) => {
  event.preventDefault();
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  const data = new FormData(theme.form);
  data.set("theme", root.dataset.theme);
  fetch(theme.form.action, { method: "POST", body: data, redirect: "manual" });
});

// A part of the page is not there any more when what the page shows is gone.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 404) return;
  event.preventDefault();
  leave(event.detail.xhr.responseText);
});

// The tab of the page at hand is in sight, however narrow the page.
const tab = document.querySelector(".b-tabs [aria-current]");
if (tab) tab.closest("ul").scrollLeft = tab.offsetLeft - tab.closest("ul").offsetLeft - 48;

// A link to a folded section of a form opens it.
function openNamed() {
  const section = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (!section?.matches("details.b-more")) return;
  section.open = true;
  section.scrollIntoView();
}
addEventListener("hashchange", openNamed);
openNamed();

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    if (search.offsetParent) { search.focus(); search.select(); } else location.href = search.form.action;
  }
  if (event.key === "Escape") {
    if (location.hash === "#nav") location.hash = "main";
    const open = document.querySelector("details[data-menu][open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
});
addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
  const add = event.target.closest("[data-add-row]");
  if (add) addRow(document.getElementById(add.dataset.addRow));
  const remove = event.target.closest("[data-remove-row]");
  if (remove) removeRow(remove.closest("[data-row]"));
  event.target.closest("[data-dismiss]")?.closest(".b-note").remove();
});

async function copyText(button) {
  const text = button.dataset.copy || document.querySelector(button.dataset.copyFrom).innerText;
  await navigator.clipboard.writeText(text);
  const before = button.getAttribute("aria-label");
  button.classList.add("b-copied");
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => { button.classList.remove("b-copied"); button.setAttribute("aria-label", before); }, 1500);
}

function addRow(rows) {
  const fresh = rows.querySelector("[data-row]:last-of-type").cloneNode(true);
  fresh.querySelector(".b-error")?.remove();
  for (const input of fresh.querySelectorAll("input, textarea")) {
    input.value = "";
    input.classList.remove("is-invalid");
    input.removeAttribute("aria-invalid");
  }
  for (const select of fresh.querySelectorAll("select")) select.selectedIndex = 0;
  rows.append(fresh);
  fresh.querySelector("input, select").focus();
}

function removeRow(row) {
  const rows = row.parentElement;
  if (rows.querySelectorAll("[data-row]").length > 1) row.remove();
  else for (const input of row.querySelectorAll("input, select, textarea")) input.value = "";
  rows.dispatchEvent(new Event("input", { bubbles: true }));
}

// The team's short name and what its namespaces will be called follow the name while one types.
const slug = document.querySelector("[data-slug-of]");
if (slug) {
  const name = document.getElementById(slug.dataset.slugOf);
  let own = slug.value !== "";
  slug.addEventListener("input", () => { own = slug.value !== ""; });
  name.addEventListener("input", () => {
    if (!own) slug.value = name.value.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 24).replace(/-+$/, "");
    slug.dispatchEvent(new Event("echo", { bubbles: true }));
  });
}
for (const echo of document.querySelectorAll("[data-echo]")) {
  const source = document.getElementById(echo.dataset.echo);
  const first = echo.textContent;
  const show = () => { echo.textContent = source.value || first; };
  for (const kind of ["input", "echo"]) source?.addEventListener(kind, show);
}
