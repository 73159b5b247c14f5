/*
 * Binds allauth's handling of keys and passkeys to a form, and says on the page when a key could not
 * be used: allauth itself wants an inline block for the one and writes to the console for the other.
 *
 * data-passkey="addForm"   form: which of allauth.webauthn.forms handles it
 * data-passkey-ids         form: the ids it asks for, as JSON
 * data-passkey-failed      element that is shown after a failure, and hidden with the next try
 */
(() => {
  "use strict";

  for (const form of document.querySelectorAll("[data-passkey]")) {
    window.allauth.webauthn.forms[form.dataset.passkey]({ ids: JSON.parse(form.dataset.passkeyIds) });
  }

  const note = document.querySelector("[data-passkey-failed]");
  if (!note) return;

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    note.hidden = false;
    if (window.seminar) window.seminar.say(note.textContent.trim());
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("button")) note.hidden = true;
  }, true);
})();
