// Everything works without this: it shows what changed without reading the
// page anew, and leaves a form that somebody fills in alone.
"use strict";

setInterval(async () => {
  const main = document.querySelector("main");
  if (document.hidden || main.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (next && next.innerHTML !== main.innerHTML) main.replaceChildren(...next.childNodes);
  } catch {
    // It is away: what is shown stays, and the next look may find it.
  }
}, 1000);
