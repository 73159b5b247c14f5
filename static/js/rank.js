/*
 * Ranking papers. Without this script each button submits its form and the page comes back at the row
 * that moved. With it htmx sends the same form to the same address and gets #preferences back.
 *
 * #preferences[data-rank-page]   whose list of which round; data-url takes the form; data-text-*: words
 * form[data-rank-form]           holds the list; its buttons are named "do": "up lora", "arrange", ...
 * [data-rank-item="lora"]        a row; Alt+Up and Alt+Down in it press its buttons #up-lora, #down-lora
 * [data-moved]                   the row that the server has just moved: gets the focus
 * [data-rank-group="ranked"]     a section that rows can be dragged into by their [data-rank-grip]
 * [data-rank-tick]               a checkbox that is saved when it is ticked; [data-rank-plain] is for
 *                                those who have no script
 *
 * One request at a time: what is pressed meanwhile waits for its answer. A copy of what was sent, and of
 * what waits, lies in localStorage until the server has answered. Without network it is sent again, the
 * same nonce in it; after a new sign-in it is sent when the page opens. The server decides what it is
 * still worth: it may be stale, or the round closed.
 */
(() => {
  "use strict";

  const { say, warn } = window.seminar;
  const RETRY = 5000; // ms until an unanswered request is sent again
  const page = () => document.getElementById("preferences");
  const key = `seminar.list:${page().dataset.rankPage}`;
  const words = page().dataset;

  let sent = null; // what is under way: [[name, value], ...]
  let waiting = []; // what was pressed since: {act, place} or {tick, checked}
  let timer = 0;
  let signIn = "";
  let isBack = false;

  function keep() {
    try { localStorage.setItem(key, JSON.stringify({ sent, waiting })); } catch { /* private mode */ }
  }

  function forget() {
    try { localStorage.removeItem(key); } catch { /* there is nothing to forget */ }
  }

  function kept() {
    try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
  }

  /* --- pressing ------------------------------------------------------------------------------- */
  const form = () => page().querySelector("[data-rank-form]");

  function press(move) {
    if (sent) {
      waiting.push(move);
      keep();
      return;
    }
    const act = move.tick ? "arrange" : move.act;
    const button = form() && form().querySelector(`button[value="${CSS.escape(act)}"]`);
    if (!button || button.disabled) {
      next();
      return;
    }
    const box = move.tick && document.getElementById(move.tick);
    if (box) box.checked = move.checked;
    if (move.place) form().elements[`to-${act.split(" ")[1]}`].value = move.place;
    button.click();
  }

  function next() {
    if (waiting.length) press(waiting.shift());
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-rank-form] button[name='do']");
    if (event.target.closest && event.target.closest("[data-rank-drop]")) delete form().dataset.changed;
    if (!button || !sent) return;
    event.preventDefault();
    const [move, paper] = button.value.split(" ");
    const place = move === "to" ? form().elements[`to-${paper}`].value : "";
    if (paper) press({ act: button.value, place });
  }, true);

  document.addEventListener("change", (event) => {
    const box = event.target.closest && event.target.closest("[data-rank-tick]");
    if (box) press({ tick: box.id, checked: box.checked });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) drop(true);
    const move = event.altKey && { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const row = move && event.target.closest && event.target.closest("[data-rank-item]");
    const button = row && document.getElementById(`${move}-${row.dataset.rankItem}`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* --- sending and hearing ---------------------------------------------------------------------- */
  const isOurs = (event) => Boolean(event.detail.target && event.detail.target.id === "preferences");

  function send(pairs) {
    const values = new FormData();
    for (const [name, value] of pairs) values.append(name, value);
    window.htmx.ajax("POST", words.url, { target: "#preferences", swap: "outerHTML", values });
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isOurs(event)) return;
    clearTimeout(timer);
    sent = [...event.detail.requestConfig.formData].filter(([name]) => name !== "csrfmiddlewaretoken");
    keep();
  });

  /* The page stays where it is: signing in is offered, not forced upon a list that was not saved. */
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const target = isOurs(event) && event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!target) return;
    event.preventDefault();
    signIn = target;
  });

  document.addEventListener("htmx:afterOnLoad", () => {
    if (signIn) askToSignIn(signIn);
  });

  function askToSignIn(address) {
    warn(words.textSignedOut);
    const link = document.createElement("a");
    link.href = address;
    link.textContent = words.textSignIn;
    document.getElementById("trouble").append(" ", link);
    signIn = "";
  }

  /* A refusal is an answer: it shows the list as it stands and says why. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (!isOurs(event) || xhr.status >= 500 || !xhr.responseText.includes('id="preferences"')) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  for (const type of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(type, (event) => {
      if (!isOurs(event)) return;
      const { status } = event.detail.xhr;
      if (status === 401 || status === 403) {
        askToSignIn(location.href);
      } else if (status >= 400 && status < 500) {
        settle();
      } else {
        warn(words.textKept);
        timer = setTimeout(() => send(sent), RETRY);
      }
    });
  }

  window.addEventListener("online", () => {
    if (!sent) return;
    clearTimeout(timer);
    send(sent);
  });

  function settle() {
    sent = null;
    forget();
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "preferences") dress();
  });

  // Before app.js looks where the focus is: it belongs to the row that moved.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "preferences") return;
    const [move, paper] = (new Map(sent || []).get("do") || "").split(" ");
    settle();
    const row = page().querySelector("[data-moved]");
    const focus = row && [
      document.getElementById(`${move}-${paper}`),
      ...row.querySelectorAll(move === "to" ? "summary" : "button"),
    ].find((each) => each && !each.disabled && each.tagName !== "INPUT");
    if (focus) focus.focus();
    if (isBack) {
      const note = document.createElement("p");
      note.className = "muted";
      note.textContent = words.textBack;
      document.getElementById("status").append(note);
      say(words.textBack);
      isBack = false;
    }
    next();
  }, true);

  /* --- dragging ----------------------------------------------------------------------------------- */
  let drag = null;

  function dress() {
    for (const grip of page().querySelectorAll("[data-rank-grip]")) grip.hidden = false;
    for (const plain of page().querySelectorAll("[data-rank-plain]")) plain.hidden = true;
  }

  const groupOf = (row) => row.closest("[data-rank-group]").dataset.rankGroup;

  function follow(y) {
    const groups = [...page().querySelectorAll("[data-rank-group]")];
    const group = groups.find((each) => y < each.getBoundingClientRect().bottom) || groups.at(-1);
    const rows = [...group.querySelectorAll("[data-rank-item]")].filter((row) => row !== drag.row);
    const after = rows.find((row) => {
      const box = row.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    if (after) after.before(drag.row);
    else if (rows.length) rows.at(-1).after(drag.row);
    else (group.querySelector(".rank") || group).append(drag.row);
    const edge = y < 60 ? -12 : y > innerHeight - 90 ? 12 : 0;
    if (edge) scrollBy(0, edge);
  }

  function drop(isCancelled) {
    const { row, from, place, after, parent } = drag;
    drag = null;
    row.removeAttribute("data-dragging");
    const paper = row.dataset.rankItem;
    const to = groupOf(row);
    const now = [...row.parentNode.children].indexOf(row) + 1;
    const act = { ranked: "to", unranked: "remove", unwanted: "unwant" }[to];
    const isMove = to === "ranked" ? from !== to || now !== place : from !== to;
    const button = form().querySelector(`button[value="${CSS.escape(`${act} ${paper}`)}"]`);
    if (isCancelled || !isMove || !button) parent.insertBefore(row, after);
    else press({ act: `${act} ${paper}`, place: act === "to" ? now : "" });
  }

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest && event.target.closest("[data-rank-grip]");
    if (!grip || event.button || drag) return;
    event.preventDefault();
    const row = grip.closest("[data-rank-item]");
    const place = [...row.parentNode.children].indexOf(row) + 1;
    drag = { row, from: groupOf(row), place, after: row.nextElementSibling, parent: row.parentNode };
    row.setAttribute("data-dragging", "");
  });

  document.addEventListener("pointermove", (event) => {
    if (drag) follow(event.clientY);
  });
  document.addEventListener("pointerup", () => { if (drag) drop(false); });
  document.addEventListener("pointercancel", () => { if (drag) drop(true); });

  /* --- what was left here --------------------------------------------------------------------------- */
  dress();
  const left = kept();
  if (left && left.sent) {
    // Giving up a number, or taking one, is asked for on the page that one sees, not by an old copy.
    const isMove = (new Map(left.sent).get("do") || "").includes(" ");
    const nonce = form() && form().elements.nonce.value;
    const pairs = isMove ? left.sent : left.sent.map(([name, value]) =>
      [name, { do: "arrange", nonce: nonce || value }[name] || value]);
    waiting = left.waiting || [];
    isBack = true;
    send(pairs);
  }
})();
