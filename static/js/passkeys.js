// Passkeys where the browser has them, and words where one was not taken. The ceremony itself is allauth's script.
if (window.PublicKeyCredential) for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;

const WORDS = {
  NotAllowedError: "No passkey was used: you stopped, or it took too long. Try again.",
  InvalidStateError: "This passkey is registered already.",
  SecurityError: "Passkeys need a site with a name and https: they do not work at this address.",
};

document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-error]");
  if (!place) return;
  event.preventDefault();
  place.querySelector("span").textContent = WORDS[event.detail.exception?.name] || "The passkey did not work. Try again, or sign in another way.";
  place.hidden = false;
});
