// The invitation's token stands behind the "#" of the link: it goes into the form, out of the address, and on its way.

function take() {
  const form = document.getElementById("code");
  const token = decodeURIComponent(location.hash.slice(1));
  if (!form || !token || token === form.id) return;
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = token;
  form.requestSubmit();
}
addEventListener("hashchange", take);
take();
