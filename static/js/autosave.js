/*
 * Saves text while it is written, one field per request. Without this script the form has a button.
 *
 * form[data-autosave-url]     where to POST: field, text, version (what the text was based on)
 *   data-autosave-owner       code of the draft; a local copy is only used for the same draft
 *   data-autosave-delay       milliseconds after the last key (1500)
 * [data-autosave]             a textarea or input with a name, inside the form
 *   data-version              version of the text that the page was written with; a hidden input
 *                             named "version:NAME" carries it for the form's own button
 * [data-savestate]            where the state is said (components/savestate.html, with its words)
 * template#conflict-template  the panel of a conflict (components/conflict.html)
 * template#kept-template      on a closed form (an owner, no URL): text that was never saved, to copy
 *
 * Answers, all JSON:
 *   200 {version, saved, html?}   saved: "All changes saved 14:03"; html: {element id: new content}
 *   409 {version, text, message?} somebody else's text is there; nothing was overwritten
 *   4xx {detail or message}       refused; the text stays on the page and on this device
 * An answer that is not JSON, or a redirect, means the session is over: the text stays here.
 *
 * [data-kept-owner]           hidden line on another page, shown while a copy of that owner is left here
 *
 * The textarea itself is never replaced, so the caret cannot jump. A copy lies in localStorage from
 * the first key until the server has acknowledged that very text. A refused page shows text that the
 * server does not have (#error-summary): the copy stays.
 */
(() => {
  "use strict";

  const say = window.seminar ? window.seminar.say : () => {};

  const refused = document.getElementById("error-summary") !== null;
  const keyOf = (form, box) => `seminar.draft:${form.dataset.autosaveOwner || location.pathname}:${box.name}`;

  const PATIENCE = 20000; // ms after which an unanswered save is tried again

  function drop(key) {
    try { localStorage.removeItem(key); } catch { /* private mode: there is nothing to remove */ }
  }

  function read(key) {
    try { return JSON.parse(localStorage.getItem(key) || "null"); } catch { return null; }
  }

  /* Nothing is taken any more; what was typed here and never arrived can still be copied. */
  function offer(form) {
    const template = document.getElementById("kept-template");
    if (!template) return;
    for (const box of form.querySelectorAll("[data-autosave]")) {
      const key = keyOf(form, box);
      const copy = read(key);
      if (!copy) continue;
      if (copy.text === box.value) {
        if (!refused) drop(key);
        continue;
      }
      const panel = template.content.firstElementChild.cloneNode(true);
      const text = panel.querySelector("[data-kept-text]");
      text.value = copy.text;
      panel.querySelector("[data-kept-copy]").addEventListener("click", async (event) => {
        const button = event.currentTarget;
        text.select();
        try { await navigator.clipboard.writeText(copy.text); } catch { return; /* it is selected */ }
        say(button.dataset.textDone);
      });
      panel.querySelector("[data-kept-drop]").addEventListener("click", () => {
        drop(key);
        panel.remove();
        box.focus();
      });
      (box.closest(".field") || box).after(panel);
    }
  }

  function start(form) {
    const delay = Number(form.dataset.autosaveDelay || 1500);
    const state = document.querySelector("[data-savestate]");
    const fields = [...form.querySelectorAll("[data-autosave]")].map((box) => ({
      box, version: box.dataset.version || "0", sent: box.value, busy: false, timer: 0, retry: 0, open: false,
    }));
    let toldSaved = 0;
    let line = Promise.resolve();

    const key = (field) => keyOf(form, field.box);

    function keep(field) {
      try {
        localStorage.setItem(key(field), JSON.stringify({ text: field.box.value, version: field.version }));
      } catch { /* private mode or full: the page itself still has the text */ }
    }

    const forget = (field) => drop(key(field));

    function show(name, text) {
      if (!state) return;
      const words = text || state.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`] || "";
      if (state.dataset.state === name && state.textContent === words) return;
      state.dataset.state = name;
      state.textContent = words;
      if (name === "kept" || name === "conflict") say(words);
      if (name === "saved" && Date.now() - toldSaved > 60000) {
        toldSaved = Date.now();
        say(words);
      }
    }

    function unsaved() {
      return fields.some((field) => field.busy || field.open || field.box.value !== field.sent);
    }

    /* One save after the other: the checklist of an older answer never replaces a newer one.
       A page that is being left does not wait. */
    function save(field, leaving = false) {
      clearTimeout(field.timer);
      if (field.busy || field.open || field.box.value === field.sent) return;
      field.busy = true;
      show("saving");
      if (leaving) send(field);
      else line = line.then(() => send(field));
    }

    async function send(field) {
      const text = field.box.value;
      if (field.open || text === field.sent) {
        field.busy = false;
        if (!unsaved()) show("saved");
        return;
      }
      const body = new URLSearchParams({ field: field.box.name, text, version: field.version });
      const token = form.querySelector("[name=csrfmiddlewaretoken]");
      try {
        const answer = await fetch(form.dataset.autosaveUrl, {
          method: "POST", body, redirect: "manual", credentials: "same-origin",
          signal: AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined,
          headers: { "X-CSRFToken": token ? token.value : "", Accept: "application/json" },
        });
        const json = (answer.headers.get("Content-Type") || "").includes("json");
        const data = json ? await answer.json() : {};
        field.busy = false;
        if (answer.ok && json) accept(field, text, data);
        else if (answer.status === 409 && json && data.text !== undefined) ask(field, data);
        else if (json && answer.status < 500) show("kept", data.message || data.detail);
        else if (answer.status >= 500) later(field);
        else show("kept", state && state.dataset.textSignedOut);
      } catch {
        field.busy = false;
        later(field);
      }
    }

    /* The form's own button sends the version too; it must not be older than what was saved here. */
    function know(field, version) {
      field.version = String(version);
      field.box.dataset.version = field.version;
      const hidden = form.elements.namedItem(`version:${field.box.name}`);
      if (hidden) hidden.value = field.version;
    }

    function accept(field, text, data) {
      know(field, data.version);
      field.sent = text;
      field.retry = 0;
      for (const [id, html] of Object.entries(data.html || {})) {
        const part = document.getElementById(id);
        if (part) part.innerHTML = html;
      }
      if (field.box.value !== text) {
        keep(field);
        plan(field);
      } else {
        forget(field);
      }
      if (!unsaved()) show("saved", data.saved);
    }

    function later(field) {
      show("kept");
      field.retry = Math.min(field.retry + 1, 5);
      clearTimeout(field.timer);
      field.timer = setTimeout(() => save(field), 1000 * 2 ** field.retry);
    }

    function plan(field) {
      clearTimeout(field.timer);
      field.timer = setTimeout(() => save(field), delay);
    }

    /* Both versions side by side; the person decides, in the field they are writing in. */
    function ask(field, other) {
      show("conflict", other.message);
      const template = document.getElementById("conflict-template");
      if (!template || field.open) return;
      field.open = true;
      const panel = template.content.firstElementChild.cloneNode(true);
      panel.querySelector("[data-conflict-mine]").textContent = field.box.value;
      panel.querySelector("[data-conflict-other]").textContent = other.text;
      panel.addEventListener("click", (event) => {
        const choice = event.target.closest("[data-conflict-keep]");
        if (!choice) return;
        const keepWhat = choice.dataset.conflictKeep;
        if (keepWhat === "other") field.box.value = other.text;
        if (keepWhat === "both") field.box.value = `${field.box.value}\n\n${other.text}`;
        know(field, other.version);
        field.open = false;
        panel.remove();
        field.sent = other.text;
        field.box.focus();
        if (field.box.value === other.text) {
          forget(field);
          if (!unsaved()) show("saved");
        } else {
          keep(field);
          save(field);
        }
      });
      (field.box.closest(".field") || field.box).after(panel);
    }

    for (const field of fields) {
      const copy = read(key(field));
      if (copy && copy.text === field.box.value) {
        if (!refused) forget(field);
      } else if (copy && copy.version === field.version) {
        field.box.value = copy.text;
        plan(field);
      } else if (copy) {
        const theirs = field.box.value;
        field.box.value = copy.text;
        ask(field, { text: theirs, version: field.version });
      }
      field.box.addEventListener("input", () => { keep(field); plan(field); });
      field.box.addEventListener("blur", () => save(field));
    }

    window.addEventListener("online", () => fields.forEach((field) => save(field)));
    document.addEventListener("visibilitychange", () => { if (document.hidden) fields.forEach((field) => save(field, true)); });
  }

  document.querySelectorAll("form[data-autosave-url]").forEach(start);
  document.querySelectorAll("form[data-autosave-owner]:not([data-autosave-url])").forEach(offer);
  for (const line of document.querySelectorAll("[data-kept-owner]")) {
    let keys = [];
    try { keys = Object.keys(localStorage); } catch { /* private mode: nothing is kept */ }
    line.hidden = !keys.some((key) => key.startsWith(`seminar.draft:${line.dataset.keptOwner}:`));
  }
})();
