"use strict";
// At most two runs are compared: a third choice lets go of the first.
document.addEventListener("change", (event) => {
  if (!event.target.matches('.list input[type="checkbox"]')) return;
  const chosen = [...document.querySelectorAll('.list input[type="checkbox"]:checked')].filter((box) => box !== event.target);
  chosen.slice(0, Math.max(0, chosen.length - 1)).forEach((box) => { box.checked = false; });
});
// One press sends a form once.
document.addEventListener("submit", (event) => {
  if (event.target.method === "post") event.target.querySelectorAll("button").forEach((button) => { button.disabled = true; });
});
window.addEventListener("pageshow", () => document.querySelectorAll("form button").forEach((button) => { button.disabled = false; }));
