// Everything works without this: it copies where a link would open, and shows
// times in the viewer's zone.
"use strict";

for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-copy]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
  event.preventDefault();
  const said = document.querySelector("[data-said]");
  try {
    const answer = await fetch(link.href);
    if (!answer.ok || answer.redirected) throw new Error();
    await navigator.clipboard.writeText(await answer.text());
    said.textContent = "Copied.";
  } catch {
    location.href = link.href;
  }
});
