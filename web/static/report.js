// Comforts only: the page of a report works the same without this file.
"use strict";

const path = location.pathname;
const menu = document.getElementById("menu");

/** The text to copy of a place: `span` is "?start=…&end=…#…", `format` "link" or a citation's. */
async function textOf(span, format) {
  if (format === "link") return new URL(span, location.origin + path).href;
  const query = new URLSearchParams(span.split("#")[0]);
  query.set("format", format);
  const response = await fetch(`/v1/documents/${path.split("/").pop()}/citation?${query}`);
  if (!response.ok) throw new Error(response.statusText);
  return response.text();
}

async function copy(span, format, said) {
  said.textContent = "";
  try {
    await navigator.clipboard.writeText(await textOf(span, format));
    said.textContent = "Copied";
  } catch {
    said.textContent = "The browser did not allow it; follow the link instead";
  }
}

// Browsers offer the clipboard on https and localhost only; elsewhere the links go on as links.
if (navigator.clipboard && menu.showPopover) {
  let span = "";
  let opener = null;
  menu.hidden = false;
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && menu.contains(document.activeElement)) opener.focus();
  });
  document.querySelector(".text").addEventListener("click", (event) => {
    const link = event.target.closest(".pilcrow");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opener = link;
    span = link.getAttribute("href");
    menu.querySelector(".said").textContent = "";
    menu.showPopover();
    const place = link.getBoundingClientRect();
    const left = Math.min(place.left, document.documentElement.clientWidth - menu.offsetWidth - 8);
    const below = place.bottom + menu.offsetHeight < innerHeight;
    menu.style.left = `${Math.max(left, 8)}px`;
    menu.style.top = `${below ? place.bottom : Math.max(place.top - menu.offsetHeight, 8)}px`;
    menu.querySelector("button").focus();
  });
  menu.addEventListener("click", (event) => {
    const format = event.target.dataset.copy;
    if (format) copy(span, format, menu.querySelector(".said"));
  });
  const panel = document.querySelector(".place");
  for (const link of panel ? panel.querySelectorAll("[data-copy]") : []) {
    // What it says stays as it is: nothing moves when this script comes.
    link.ariaLabel = link.title = `Copy ${link.textContent}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const there = panel.querySelector("[data-copy=link]").getAttribute("href");
      copy(there, link.dataset.copy, panel.querySelector(".said"));
    });
  }
}

// From hit to hit without loading the page again, where the next one is on it.
const hits = document.querySelector(".hits");
if (hits) {
  let at = Number(hits.dataset.at);
  const total = Number(hits.dataset.total);
  const links = { prev: hits.querySelector("[rel=prev]"), next: hits.querySelector("[rel=next]") };

  function address(number) {
    const url = new URL(location.href);
    url.searchParams.set("hit", number);
    url.hash = `hit-${number}`;
    return url;
  }

  function step(by, event) {
    const there = at + by;
    if (there < 1 || there > total) return;
    const mark = document.getElementById(`hit-${there}`);
    if (!mark) {
      if (!event) location.assign(address(there));
      return;
    }
    if (event) event.preventDefault();
    at = there;
    location.replace(address(there).hash);
    history.replaceState(null, "", address(there));
    hits.querySelector(".at").textContent = `${at} of `;
    links.prev.hidden = at < 2;
    links.next.hidden = at >= total;
    if (at > 1) links.prev.href = address(at - 1);
    if (at < total) links.next.href = address(at + 1);
  }

  links.prev?.addEventListener("click", (event) => step(-1, event));
  links.next?.addEventListener("click", (event) => step(1, event));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (keysAreOff()) return; // of search.js: the help page switches single keys off
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  });
}
