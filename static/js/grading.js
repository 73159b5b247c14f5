/*
 * Grading without the mouse. Without this script the form is an ordinary form.
 *
 * form[data-grading]         the form; data-shortcuts="off" leaves only Ctrl+Enter
 * [data-rubric-row]          one row (fieldset) of radios; 1 to 9 choose its first to ninth level, or the
 *                            radio whose data-key is that digit, and go to the next row
 * [data-row-comment]         the comment box of a row (c goes there; else the form's first textarea)
 * [data-save-next]           the button Ctrl+Enter presses, inside a text box too
 * [data-next], [data-prev], [data-flag]   link or button pressed by n, p, f
 * [data-jump="a"]            what the keys a and b bring into view
 * dialog[data-key-help]      opened by "?"; input[data-shortcuts-switch] in it turns single keys off
 */
(() => {
  "use strict";

  const form = document.querySelector("form[data-grading]");
  if (!form) return;

  const say = window.seminar ? window.seminar.say : () => {};
  const rows = [...form.querySelectorAll("[data-rubric-row]")];
  const help = document.querySelector("dialog[data-key-help]");
  const chosen = [];
  let active = Math.max(rows.findIndex((row) => !row.querySelector(":checked")), 0);

  /* --- may single keys be used? (WCAG 2.1.4: they can be switched off) ------------------------------ */
  const memory = "seminar.shortcuts";
  const saved = () => { try { return localStorage.getItem(memory); } catch { return null; } };
  let keysOn = form.dataset.shortcuts !== "off" && saved() !== "off";

  for (const box of document.querySelectorAll("[data-shortcuts-switch]")) {
    box.checked = keysOn;
    box.addEventListener("change", () => {
      keysOn = box.checked;
      try { localStorage.setItem(memory, keysOn ? "on" : "off"); } catch { /* holds for this page */ }
    });
  }

  /* --- rows ------------------------------------------------------------------------------------------ */
  function activate(index, focus) {
    if (!rows[index]) return;
    active = index;
    rows.forEach((row, at) => row.toggleAttribute("data-active", at === index));
    if (!focus) return;
    rows[index].tabIndex = -1;
    rows[index].focus({ preventScroll: true });
    rows[index].scrollIntoView({ block: "nearest" });
  }

  function press(selector) {
    const target = document.querySelector(selector);
    if (target) target.click();
    return Boolean(target);
  }

  function choose(digit) {
    const row = rows[active];
    if (!row) return false;
    const levels = [...row.querySelectorAll("input[type=radio]")];
    const keyed = levels.filter((level) => level.dataset.key !== undefined);
    const level = keyed.length ? keyed.find((one) => one.dataset.key === digit) : levels[Number(digit) - 1];
    if (!level || level.disabled) return false;
    chosen.push({ row: active, before: row.querySelector(":checked") });
    level.checked = true;
    level.dispatchEvent(new Event("change", { bubbles: true }));
    const label = level.closest("label");
    say(label ? label.textContent.trim().replace(/\s+/g, " ") : level.value);
    activate(Math.min(active + 1, rows.length - 1), true);
    return true;
  }

  function undo() {
    const last = chosen.pop();
    if (!last) return false;
    const now = rows[last.row].querySelector(":checked");
    if (now) now.checked = false;
    if (last.before) last.before.checked = true;
    rows[last.row].dispatchEvent(new Event("change", { bubbles: true }));
    activate(last.row, true);
    return true;
  }

  function comment() {
    const row = rows[active];
    const box = (row && row.querySelector("[data-row-comment]")) || form.querySelector("textarea");
    if (box) box.focus();
    return Boolean(box);
  }

  const keys = {
    ArrowUp: () => { activate(active - 1, true); return true; },
    ArrowDown: () => { activate(active + 1, true); return true; },
    c: comment,
    z: undo,
    n: () => press("[data-next]"),
    p: () => press("[data-prev]"),
    f: () => press("[data-flag]"),
    a: () => jump("a"),
    b: () => jump("b"),
    "?": () => { if (help) help.showModal(); return Boolean(help); },
  };

  function jump(name) {
    const part = document.querySelector(`[data-jump="${name}"]`);
    if (part) part.scrollIntoView({ block: "start" });
    return Boolean(part);
  }

  function isTyping(target) {
    return target.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])");
  }

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press("[data-save-next]");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || (help && help.open)) return;
    if (event.key === "Escape" && isTyping(target) && form.contains(target)) {
      activate(active, true);
      return;
    }
    if (!keysOn || isTyping(target)) return;
    if (event.key.startsWith("Arrow") && target.matches("input")) return;
    const done = /^[0-9]$/.test(event.key) ? choose(event.key) : keys[event.key] && keys[event.key]();
    if (done) event.preventDefault();
  });

  form.addEventListener("focusin", (event) => {
    const at = rows.findIndex((row) => row.contains(event.target));
    if (at >= 0) activate(at, false);
  });

  activate(active, false);
})();
