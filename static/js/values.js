// A form with values of a secret is sent by htmx, so that the values stay in the page when something is wrong with it:
// the server answers the form with its errors, and each value is kept at its place in it.

const form = () => document.querySelector("#values > form");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== form()) return;
  form().querySelectorAll("[data-row]").forEach((row, at) => {
    row.querySelector("input").id = `id_values_key_${at}`;
    row.querySelector("textarea").id = `id_values_value_${at}`;
  });
});

document.addEventListener("htmx:afterSettle", () => {
  const wrong = form()?.querySelector("[aria-invalid]");
  if (wrong && document.activeElement === document.body) wrong.focus();
});

// A refusal of the whole page, such as a right that was lost: the browser asks itself, and shows it.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt === form()) HTMLFormElement.prototype.submit.call(form());
});
