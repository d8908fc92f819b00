// Comforts only: every page works the same without this file.
"use strict";

const box = document.getElementById("q");
const results = [...document.querySelectorAll(".result h3 a")];

function step(by) {
  const here = results.findIndex((link) => link === document.activeElement);
  const next = results[here < 0 ? (by > 0 ? 0 : results.length - 1) : here + by];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && box) {
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "j") {
    step(1);
  } else if (event.key === "k") {
    step(-1);
  }
});

const copy = document.getElementById("copy");
// Browsers offer the clipboard on https and localhost only; elsewhere the text can be selected.
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const citation = document.getElementById("citation").textContent;
    const said = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(`${citation}\n${location.href}`);
      said.textContent = "Copied";
    } catch {
      said.textContent = "The browser did not allow it; select the text instead";
    }
  });
}
