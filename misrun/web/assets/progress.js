"use strict";
// The stages of an investigation as they begin and end; then its report.
const stages = document.getElementById("stages");
const source = new EventSource(stages.dataset.events);
source.addEventListener("stage", (event) => {
  const { stage, text, done } = JSON.parse(event.data);
  const row = stages.querySelector(`[data-stage="${CSS.escape(stage)}"]`);
  if (!row) return;
  row.className = done ? "ended" : "begun";
  if (!done || !text) return;
  const said = row.querySelector("small") || row.appendChild(document.createElement("small"));
  said.textContent = text;
});
source.addEventListener("done", () => { source.close(); location.reload(); });
