// Comforts only: every page works the same without this file. It may run before the page is whole.
"use strict";

const PAUSE = 120; // milliseconds without a key before suggestions are asked for
const known = new Map();
let waiting = 0;
let chosen = -1;

const byId = (id) => document.getElementById(id);
const options = () => [...document.querySelectorAll("#suggestions [role=option]")];

function made(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text; // never HTML: suggestions are the words of reports
  return element;
}

function say(text) {
  let status = byId("said");
  if (!status) {
    status = document.body.appendChild(made("p", "unseen", ""));
    status.id = "said";
    status.role = "status";
  }
  status.textContent = text;
}

/* Suggestions: a combobox with a list, as the ARIA patterns describe it */

function close() {
  clearTimeout(waiting);
  byId("suggestions")?.remove();
  chosen = -1;
  byId("q")?.setAttribute("aria-expanded", "false");
  byId("q")?.removeAttribute("aria-activedescendant");
}

function show(box, found) {
  close();
  const rows = found.suggestions.map((one) => [
    one.text,
    `${one.kind === "phrase" ? "heading" : one.kind} · ${one.reports} report${one.reports === 1 ? "" : "s"}`,
  ]);
  if (!rows.length && found.did_you_mean) rows.push([found.did_you_mean, "did you mean this?"]);
  if (!rows.length) return;
  const list = made("ul", "suggestions", "");
  list.id = "suggestions";
  list.role = "listbox";
  list.ariaLabel = "Suggestions out of the archive";
  rows.forEach(([text, about], number) => {
    const row = made("li", "", "");
    row.id = `suggestion-${number}`;
    row.role = "option";
    row.ariaSelected = "false";
    row.dataset.text = text;
    row.append(made("span", "", text), " ", made("span", "kind", about));
    list.append(row);
  });
  box.parentElement.append(list);
  box.setAttribute("aria-expanded", "true");
  say(`${rows.length} suggestion${rows.length === 1 ? "" : "s"}`);
}

async function suggest(box) {
  const typed = box.value;
  if (typed.trim().length < 2) return close();
  if (!known.has(typed)) {
    try {
      const response = await fetch(`/v1/suggest?limit=8&q=${encodeURIComponent(typed)}`);
      if (!response.ok) return close(); // too many in a second: the next key asks again
      known.set(typed, await response.json());
    } catch {
      return close();
    }
  }
  if (box.value === typed && document.activeElement === box) show(box, known.get(typed));
}

function choose(by) {
  const rows = options();
  rows[chosen]?.setAttribute("aria-selected", "false");
  // One place more than there are rows: the text as it was typed.
  chosen = ((chosen + 1 + by + rows.length + 1) % (rows.length + 1)) - 1;
  const box = byId("q");
  if (chosen < 0) return box.removeAttribute("aria-activedescendant");
  rows[chosen].setAttribute("aria-selected", "true");
  rows[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", rows[chosen].id);
}

function typedInBox(event, box) {
  const isOpen = Boolean(byId("suggestions"));
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (isOpen) choose(event.key === "ArrowDown" ? 1 : -1);
    else suggest(box);
  } else if (event.key === "Enter" && chosen >= 0) {
    box.value = options()[chosen].dataset.text; // and the form is sent with it
    close();
  } else if (event.key === "Escape") {
    event.preventDefault(); // the browser would empty the box
    if (isOpen) close();
    else box.blur();
  }
}

document.addEventListener("focusin", ({ target }) => {
  if (target.id !== "q" || target.role === "combobox") return;
  target.role = "combobox";
  target.setAttribute("aria-autocomplete", "list");
  target.setAttribute("aria-controls", "suggestions");
  target.setAttribute("aria-expanded", "false");
  // The service gathers the archive's words when it is first asked: now, not at the first letter.
  fetch("/v1/suggest?limit=1&q=").catch(() => {});
});
document.addEventListener("focusout", ({ target }) => target.id === "q" && close());
addEventListener("pagehide", close); // or "back" would show them again
document.addEventListener("input", ({ target }) => {
  if (target.id !== "q") return;
  clearTimeout(waiting);
  waiting = setTimeout(suggest, PAUSE, target);
});
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest("#suggestions")) event.preventDefault(); // the box keeps the focus
});

/* Keys */

const KEYS_OFF = "archive-search keys off";

function keysAreOff() {
  try {
    return Boolean(localStorage.getItem(KEYS_OFF));
  } catch {
    return false; // storage may be forbidden
  }
}

function switchKeys() {
  try {
    if (keysAreOff()) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  } catch {
    say("This browser lets the page remember nothing");
  }
}

function step(by) {
  const results = [...document.querySelectorAll(".result h3 a")];
  const here = results.indexOf(document.activeElement);
  results[here < 0 ? (by > 0 ? 0 : results.length - 1) : here + by]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.id === "q") return typedInBox(event, event.target);
  const tips = document.querySelector(".tips[open]");
  if (event.key === "Escape" && tips) {
    tips.open = false;
    tips.querySelector("summary").focus();
  }
  if (event.target.closest("input:not([type=checkbox]), select, textarea") || keysAreOff()) return;
  if (event.key === "/" && byId("q")) {
    event.preventDefault();
    byId("q").focus();
    byId("q").select();
  } else if (event.key === "j") {
    step(1);
  } else if (event.key === "k") {
    step(-1);
  }
});

/* Copying, where the browser offers it: on https and localhost only */

async function copy(button, text) {
  if (button.dataset.pressed) return;
  button.dataset.pressed = "1";
  const label = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  say(button.textContent);
  setTimeout(() => {
    button.replaceChildren(...label);
    delete button.dataset.pressed;
  }, 2000);
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("#suggestions [role=option]");
  if (row) {
    byId("q").value = row.dataset.text;
    close();
    byId("q").form.requestSubmit();
  }
  const button = event.target.closest(".copy");
  if (button?.dataset.copy) copy(button, button.dataset.copy);
  if (button?.dataset.copyLink) copy(button, new URL(button.dataset.copyLink, location).href);
  const keys = event.target.closest("#keys-switch");
  if (keys) {
    switchKeys();
    keys.setAttribute("aria-pressed", String(!keysAreOff()));
  }
});

/* What needs the whole page */

function whole() {
  say(""); // what is to be announced has to be there before it says something
  if (navigator.clipboard) {
    for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  }
  const keys = byId("keys-switch");
  if (keys) {
    keys.hidden = false;
    keys.setAttribute("aria-pressed", String(!keysAreOff()));
  }
  const quoted = document.querySelector(".answer .quoted");
  const unfold = document.querySelector(".unfold");
  if (unfold) unfold.hidden = quoted.scrollHeight <= quoted.clientHeight;
  const button = byId("copy");
  if (button && navigator.clipboard) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const citation = byId("citation").textContent;
      try {
        await navigator.clipboard.writeText(`${citation}\n${location.href}`);
        byId("copied").textContent = "Copied";
      } catch {
        byId("copied").textContent = "The browser did not allow it; select the text instead";
      }
    });
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", whole);
else whole();
