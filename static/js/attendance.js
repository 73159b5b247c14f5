/*
 * Attendance of a meeting: everybody in one press, then the exceptions. Without this script each
 * person's row of choices and the save button do the same.
 *
 * form[data-attend]            the form with one group of radios per person (.tile)
 * [data-attend-all="in_room"]  button: that choice for everybody who has none yet; written hidden
 * [data-attend-count]          where the count is said; data-text="%done% of %all% marked"
 */
(() => {
  "use strict";

  const say = window.seminar ? window.seminar.say : () => {};

  for (const form of document.querySelectorAll("form[data-attend]")) {
    const tiles = [...form.querySelectorAll(".tile")];
    const line = form.querySelector("[data-attend-count]") || document.querySelector("[data-attend-count]");

    const count = () => {
      const done = tiles.filter((tile) => tile.querySelector(":checked")).length;
      const text = line ? (line.dataset.text || "").replace("%done%", done).replace("%all%", tiles.length) : "";
      if (line) line.textContent = text;
      return text;
    };

    for (const button of form.querySelectorAll("[data-attend-all]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        for (const tile of tiles) {
          const choice = tile.querySelector(`input[value="${CSS.escape(button.dataset.attendAll)}"]`);
          if (choice && !tile.querySelector(":checked")) {
            choice.checked = true;
            choice.dispatchEvent(new Event("change", { bubbles: true }));
          }
        }
        say(count());
      });
    }

    form.addEventListener("change", count);
    count();
  }
})();
