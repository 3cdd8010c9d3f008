// What one looks at was deleted: the server's page of what is gone takes the place of this one.

export function leave(html) {
  const gone = new DOMParser().parseFromString(html, "text/html");
  document.title = gone.title;
  document.getElementById("main").replaceChildren(...gone.getElementById("main").children);
}
