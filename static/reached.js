// Keeps the signs of a list of people true while messages go out. What is asked for again names no one, and after some
// minutes it is asked no more: the link on the page shows how it stands.
const list = document.querySelector("[data-now]");
const line = document.querySelector("[data-line]");
const PAUSES_MS = [2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 120].map((seconds) => seconds * 1000);

function show(page) {
  const now = page.querySelector("[data-line]");
  if (!now) return true;
  if (line.textContent !== now.textContent) line.textContent = now.textContent;
  for (const other of page.querySelectorAll("[data-other]")) {
    const here = document.querySelector(`[data-other="${CSS.escape(other.dataset.other)}"]`);
    if (here && here.textContent !== other.textContent) here.textContent = other.textContent;
  }
  for (const sign of page.querySelectorAll("[data-who]")) {
    const here = list.querySelector(`[data-who="${CSS.escape(sign.dataset.who)}"]`);
    if (here && here.textContent !== sign.textContent) here.replaceChildren(...sign.childNodes);
  }
  return "settled" in now.dataset;
}

async function ask(pauses) {
  if (!pauses.length) return;
  await new Promise((wake) => setTimeout(wake, pauses[0]));
  try {
    const answer = document.hidden ? null : await fetch(list.dataset.now, { redirect: "error" });
    if (answer && !answer.ok) return;
    if (answer && show(new DOMParser().parseFromString(await answer.text(), "text/html"))) return;
  } catch {
    // The connection is away, or somebody signed out: the link is still there.
  }
  await ask(pauses.slice(1));
}

if (list) ask(PAUSES_MS);
