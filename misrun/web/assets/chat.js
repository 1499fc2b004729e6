"use strict";
// Sends a message and shows the answer piece by piece. The pieces are markup that the application itself wrote.
const form = document.getElementById("say");
const box = document.getElementById("said");
const turns = document.getElementById("turns");
const working = document.getElementById("working");

function show(html) {
  turns.insertAdjacentHTML("beforeend", html);
  turns.lastElementChild.scrollIntoView({ block: "nearest" });
}

function heard(block) {
  const kind = /^event: (.*)$/m.exec(block);
  const data = /^data: (.*)$/m.exec(block);
  if (!kind || !data) return;
  const told = JSON.parse(data[1]);
  if (kind[1] === "working") working.textContent = `${told.text} …`;
  if (kind[1] === "html") show(told.html);
}

async function say(text) {
  const answer = await fetch(form.dataset.to, { method: "POST", body: text });
  if (!answer.ok) throw new Error(await answer.text());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    blocks.forEach(heard);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = box.value;
  if (!text.trim()) return;
  const mine = document.createElement("div");
  mine.className = "mine";
  mine.appendChild(document.createElement("pre")).textContent = text;
  turns.appendChild(mine);
  box.value = "";
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await say(text);
    working.textContent = "";
  } catch (error) {
    working.textContent = String(error.message || error);
  } finally {
    button.disabled = false;
    box.focus();
  }
});
// Enter sends, Shift+Enter begins a line; a pasted log keeps its lines.
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
turns.lastElementChild?.scrollIntoView({ block: "nearest" });
box.focus();
