/*
 * What every page shares. Nothing here is needed to use a page: without it, forms and links work.
 *
 * data-theme-set="light|dark|"   button: choose the colours ("" follows the system)
 * data-menu                      <details> that closes on Escape, on a click outside, on leaving it
 * data-confirm="#id"             submit button: open that <dialog> first; its own button submits
 * data-dialog-close              button inside a <dialog>: close it
 * data-unsaved                   form: warn before leaving with changes that were not sent
 * data-once="off"                form: may be sent again while an answer is awaited (downloads)
 * data-announce                  element in an htmx answer: its text is read out after the swap
 * data-focus                     element in an htmx answer: gets the focus after the swap
 * data-filebox                   box of a file input: files can be dropped on it
 * <body data-text-*>             the words used here, translated by the server
 *
 * seminar.say(text)              read text out to screen readers (the page's one live region)
 */
(() => {
  "use strict";

  const words = document.body ? document.body.dataset : {};
  const root = document.documentElement;

  function say(text) {
    const live = document.getElementById("live");
    if (!live || !text) return;
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50);
  }

  window.seminar = { say, words };

  /* --- colours --------------------------------------------------------------------------------- */
  function showTheme() {
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === (root.dataset.theme || "")));
    }
  }

  function setTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    const age = theme ? 31536000 : 0;
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${theme};path=/;max-age=${age};samesite=lax${secure}`;
    showTheme();
  }

  for (const group of document.querySelectorAll("[data-themes]")) group.hidden = false;
  showTheme();

  /* --- menus and dialogs ------------------------------------------------------------------------ */
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : root;
    closeMenus(target.closest("[data-menu]"));
    const theme = target.closest("[data-theme-set]");
    if (theme) setTheme(theme.dataset.themeSet);
    const asker = target.closest("[data-confirm]");
    if (asker) {
      const dialog = document.querySelector(asker.dataset.confirm);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.showModal();
      }
    }
    const closer = target.closest("[data-dialog-close]");
    if (closer) closer.closest("dialog").close();
    // Links of the error summary lead to the field itself, not only to its place on the page.
    const problem = target.closest(".errsum a[href^='#']");
    const field = problem && document.getElementById(problem.hash.slice(1));
    if (field) {
      event.preventDefault();
      field.focus();
      field.scrollIntoView({ block: "center" });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement && document.activeElement.closest("[data-menu][open]");
    closeMenus();
    if (menu) menu.querySelector("summary").focus();
  });

  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest && event.target.closest("[data-menu][open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });

  /* --- sending a form once ---------------------------------------------------------------------- */
  function hold(button) {
    button.style.setProperty("min-width", `${button.offsetWidth}px`);
    button.setAttribute("aria-busy", "true");
    button.setAttribute("aria-disabled", "true");
    button.dataset.label = button.innerHTML;
    button.timer = setTimeout(() => { button.textContent = words.textBusy || button.textContent; }, 400);
  }

  function release(button) {
    clearTimeout(button.timer);
    if (button.dataset.label !== undefined) button.innerHTML = button.dataset.label;
    delete button.dataset.label;
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    button.style.removeProperty("min-width");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.once === "off" || form.method === "dialog") return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    // A stopped submit (another listener, a dialog) was not sent.
    setTimeout(() => {
      const htmx = form.matches("[hx-post], [hx-get], [data-hx-post]");
      if (event.defaultPrevented && !htmx) return;
      if (form.method !== "post" && !htmx) return;
      form.dataset.sent = "yes";
      delete form.dataset.changed;
      if (event.submitter) hold(event.submitter);
    });
  }, true);

  function reopen(form) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-busy='true']")) release(button);
  }

  // The back button may bring a page back as it was when its form was sent.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(reopen));

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[aria-disabled='true']");
    if (button) event.preventDefault();
  }, true);

  /* --- changes that were not sent ----------------------------------------------------------------- */
  document.addEventListener("input", (event) => {
    const form = event.target.closest && event.target.closest("form[data-unsaved]");
    if (form) form.dataset.changed = "yes";
  });

  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-changed]")) event.preventDefault();
  });

  /* --- files dropped on their box ------------------------------------------------------------------ */
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      const box = event.target.closest && event.target.closest("[data-filebox]");
      if (!box) return;
      event.preventDefault();
      box.toggleAttribute("data-over", type === "dragover");
      const input = box.querySelector("input[type=file]");
      if (type === "drop" && input && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }

  /* --- htmx: focus, announcements, failures --------------------------------------------------------- */
  let focused = "";

  document.addEventListener("htmx:beforeSwap", () => {
    focused = document.activeElement ? document.activeElement.id : "";
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    if (!part || !part.querySelector) return;
    const errors = part.querySelector("#error-summary h2");
    const wanted = errors || part.querySelector("[data-focus]") || document.getElementById(focused);
    const lost = !document.activeElement || document.activeElement === document.body;
    if (errors || part.querySelector("[data-focus]") || lost) {
      const next = wanted || part.querySelector("h1, h2, h3") || part;
      if (!next.matches("a, button, input, select, textarea, summary, [tabindex]")) next.tabIndex = -1;
      next.focus({ preventScroll: !errors });
    }
    for (const note of part.querySelectorAll("[data-announce]")) say(note.textContent.trim());
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest && event.target.closest("form");
    if (form) reopen(form);
  });

  for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(type, (event) => {
      const status = event.detail.xhr && event.detail.xhr.status;
      warn(status === 401 || status === 403 ? words.textSignedOut : words.textFailed);
    });
  }

  /* --- one line on top for what went wrong or came back ---------------------------------------------- */
  function warn(text) {
    let line = document.getElementById("trouble");
    if (!line) {
      line = document.createElement("div");
      line.id = "trouble";
      line.className = "offline";
      line.setAttribute("role", "alert");
      document.body.prepend(line);
    }
    line.textContent = text;
  }

  function clear() {
    const line = document.getElementById("trouble");
    if (line) line.remove();
  }

  window.seminar.warn = warn;
  window.seminar.clear = clear;
  window.addEventListener("offline", () => warn(words.textOffline));
  window.addEventListener("online", () => { clear(); say(words.textOnline); });
  document.addEventListener("htmx:afterOnLoad", clear);
})();
