/*
 * A list in an order of one's own. Without this script each button submits its form.
 *
 * [data-rank]                the <ol>; data-rank="local": moves change the page only and are sent with
 *                            the form; otherwise each move is submitted at once (htmx or a plain POST)
 *   data-text-moved          "%title% is now number %n% of %m%." for the announcement
 * [data-rank-item]           the <li>, with an id and data-title; in local lists it holds the hidden
 *                            input, so that the order on the page is the order sent
 * [data-move="up|down"]      button of an item, with an id; Alt+Up and Alt+Down press it
 * [data-rank-number]         where the number of an item is written (else .n)
 */
(() => {
  "use strict";

  const say = window.seminar ? window.seminar.say : () => {};
  const memory = "seminar.rank";
  const items = (list) => [...list.querySelectorAll("[data-rank-item]")];

  function announce(list, item) {
    const all = items(list);
    const text = list.dataset.textMoved || "";
    say(text.replace("%title%", item.dataset.title || "").replace("%n%", all.indexOf(item) + 1).replace("%m%", all.length));
  }

  function renumber(list) {
    const all = items(list);
    all.forEach((item, index) => {
      const number = item.querySelector("[data-rank-number], .n");
      if (number) number.textContent = index + 1;
      for (const button of item.querySelectorAll("[data-move]")) {
        const edge = button.dataset.move === "up" ? 0 : all.length - 1;
        button.setAttribute("aria-disabled", String(index === edge));
      }
    });
  }

  function mark(list, item) {
    for (const other of items(list)) other.toggleAttribute("data-moved", other === item);
  }

  function focusMoved(item, direction) {
    const wanted = item.querySelector(`[data-move="${direction}"]`);
    const other = item.querySelector(`[data-move]:not([aria-disabled="true"], :disabled)`);
    const usable = wanted && !wanted.disabled && wanted.getAttribute("aria-disabled") !== "true";
    const next = usable ? wanted : other;
    if (next) next.focus();
  }

  function moveHere(list, item, direction) {
    const all = items(list);
    const place = all.indexOf(item) + (direction === "up" ? -1 : 1);
    if (place < 0 || place >= all.length) return;
    if (direction === "up") all[place].before(item);
    else all[place].after(item);
    renumber(list);
    mark(list, item);
    focusMoved(item, direction);
    announce(list, item);
    item.dispatchEvent(new Event("input", { bubbles: true }));
    item.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function remember(item, direction) {
    try {
      sessionStorage.setItem(memory, JSON.stringify({ page: location.pathname, id: item.id, direction }));
    } catch { /* the page then opens at its top */ }
  }

  /* After a move was sent: the same row again, in the answer of htmx or on the reloaded page. */
  function recall() {
    let moved = null;
    try {
      moved = JSON.parse(sessionStorage.getItem(memory) || "null");
      sessionStorage.removeItem(memory);
    } catch { /* nothing remembered */ }
    const item = moved && moved.page === location.pathname && document.getElementById(moved.id);
    const list = item && item.closest("[data-rank]");
    if (!list) return;
    mark(list, item);
    focusMoved(item, moved.direction);
    announce(list, item);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-move]");
    const item = button && button.closest("[data-rank-item]");
    const list = item && item.closest("[data-rank]");
    if (!list || button.getAttribute("aria-disabled") === "true") return;
    if (list.dataset.rank === "local") {
      event.preventDefault();
      moveHere(list, item, button.dataset.move);
    } else {
      remember(item, button.dataset.move);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const item = event.target.closest && event.target.closest("[data-rank-item]");
    const button = item && item.querySelector(`[data-move="${event.key === "ArrowUp" ? "up" : "down"}"]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  document.querySelectorAll("[data-rank='local']").forEach(renumber);
  document.addEventListener("htmx:afterSettle", recall);
  recall();
})();
