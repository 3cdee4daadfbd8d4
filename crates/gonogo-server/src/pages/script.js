// Everything works without this: it keeps an open page right, copies where a
// link would open, and shows times in the viewer's zone and colours of choice.
"use strict";

const news = document.querySelector("[data-news]");

function say(text, name, act) {
  news.textContent = text;
  news.hidden = !text;
  if (!act) return;
  const button = document.createElement("button");
  button.textContent = name;
  button.addEventListener("click", act);
  news.append(" ", button);
}

// Times.

function ago(seconds) {
  if (seconds < -90) return `in ${long(-seconds)}`; // a clock that is a little ahead is not
  return `${long(Math.max(0, seconds))} ago`;
}

function long(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

function showTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    time.title = date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    time.textContent = ago(Math.floor((Date.now() - date) / 1000));
  }
}

// Dark or light, instead of what the system says.

const chosen = document.documentElement.dataset;
chosen.look = localStorage.getItem("look") ?? "";
const lightSwitch = document.querySelector("[data-switch]");
if (lightSwitch) {
  lightSwitch.hidden = false;
  lightSwitch.addEventListener("click", () => {
    const looks = chosen.look || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    chosen.look = looks === "dark" ? "light" : "dark";
    localStorage.setItem("look", chosen.look);
  });
}

// A live page.

const PATIENCE = 45_000; // the server says every 15 s that it is there
let source, heard = Date.now(), last;

function follow() {
  const live = document.querySelector("[data-live]");
  if (!live || document.hidden) return;
  source?.close();
  const address = new URL(live.dataset.live, location.href);
  if (last) address.searchParams.set("since", last);
  source = new EventSource(address);
  const hear = (event) => {
    heard = Date.now();
    if (event.lastEventId) last = event.lastEventId;
    if (news.dataset.news === "lost") lost("");
  };
  source.addEventListener("open", hear);
  source.addEventListener("alive", hear);
  source.addEventListener("changed", (event) => { hear(event); renew(); });
}

// A browser has six connections for all pages of a server: one that nobody
// looks at keeps none, and is told what it missed when it is shown again.
function rest() {
  source?.close();
  source = undefined;
}

function wake() {
  heard = Date.now();
  follow();
}

function lost(why) {
  news.dataset.news = why ? "lost" : "";
  say(why && `${why}: what stands here may be old. It is tried again.`);
}

async function look() {
  if (document.hidden || Date.now() - heard <= PATIENCE) return;
  heard = Date.now() - PATIENCE + 10_000; // the next try in ten seconds
  // A stream that is not let in ends like one of a server that is away.
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => undefined);
  if (isElsewhere(answer)) return loadAnew();
  lost(answer?.ok ? "This page is not told what changes" : "The server does not answer");
  follow();
}

// What somebody is about to send is not taken away from them.
function isWrittenIn(main) {
  return [...main.querySelectorAll("textarea, input:not([type=hidden]), select")].some((field) => {
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  });
}

const same = (one) => (other) =>
  other.tagName === one.tagName && other.id === one.id && other.textContent === one.textContent && other.href === one.href;

const AGAIN = 10_000;
let renewal, again; // the newest one, and when it is tried again

async function renew(evenIfWritten) {
  const main = document.querySelector("main");
  renewal?.abort();
  clearTimeout(again);
  const mine = renewal = new AbortController();
  if (!evenIfWritten && isWrittenIn(main)) return offer();
  let answer, text;
  try {
    answer = await fetch(location.href, { signal: mine.signal });
    text = await answer.text();
  } catch {
    answer = undefined;
  }
  if (mine !== renewal) return; // what it brings is older than what is asked for by now
  if (isElsewhere(answer)) return loadAnew(evenIfWritten);
  const page = answer?.ok && new DOMParser().parseFromString(text, "text/html");
  const fresh = page && page.querySelector("main");
  if (!fresh) return stale(evenIfWritten);
  if (!evenIfWritten && isWrittenIn(main)) return offer();
  const open = [...main.querySelectorAll("details[open][id]")].map((one) => one.id);
  const focused = main.contains(document.activeElement) ? document.activeElement : undefined;
  main.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) [...main.querySelectorAll(focused.tagName)].find(same(focused))?.focus({ preventScroll: true });
  showTimes();
  say("");
}

// Where one signs in, or nowhere any more.
const isElsewhere = (answer) => answer?.redirected || answer?.status === 403 || answer?.status === 404;

function loadAnew(evenIfWritten) {
  if (evenIfWritten || !isWrittenIn(document.querySelector("main"))) return location.reload();
  say("This page is not shown to you any more.", "Load it anew", () => location.reload());
}

function offer() {
  say("What this page shows has changed.", "Show it", () => renew(true));
}

function stale(evenIfWritten) {
  say("What this page shows has changed, and it could not be read: what stands here is old. It is tried again.",
    "Try now", () => renew(evenIfWritten));
  again = setTimeout(renew, AGAIN, evenIfWritten);
}

// That it is judged again is no news: the page asks until it was.
function renewIfDue() {
  const main = document.querySelector("main");
  if (!document.hidden && main.querySelector("[data-due]") && !isWrittenIn(main)) renew();
}

follow();
showTimes();
setInterval(showTimes, 10_000);
if (document.querySelector("[data-live]")) {
  setInterval(look, 5_000);
  setInterval(renewIfDue, 2_000);
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : wake()));
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => event.persisted && wake());
}

// Copies.

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
