// The page works without this file. With it, the page follows the mailbox, filters as you type, and obeys the keyboard.
"use strict";

const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const typing = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;
root.classList.add("js");

// --- following the register -------------------------------------------------------------------------------------

const HEARD_AT_LEAST_EVERY = 40_000;
const BETWEEN_FETCHES = 120;
let source = null;
let heard = Date.now();
let fetching = false;
let again = false;

function listen() {
  if (source) source.close();
  source = new EventSource("/live");
  heard = Date.now();
  source.addEventListener("tick", () => { heard = Date.now(); say_line(""); });
  source.addEventListener("changed", (event) => {
    heard = Date.now();
    say_line("");
    if (event.data !== root.dataset.stamp) refresh();
  });
  source.onerror = () => say_line(document.body.dataset.lost);
}

function say_line(words) {
  const line = find("#line");
  if (!line) return;
  line.textContent = words;
  line.hidden = !words;
}

// A laptop that slept, or a server that was restarted: begin anew.
function revive() {
  if (document.hidden) return;
  const silent = Date.now() - heard;
  if (source.readyState === EventSource.CLOSED || silent > HEARD_AT_LEAST_EVERY) listen();
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Live: "1" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function refresh() {
  if (fetching || document.hidden) { again = true; return; }
  fetching = true;
  again = false;
  try {
    patch(await fetched(location.href));
  } catch {
    again = true;
  }
  setTimeout(() => { fetching = false; if (again && !document.hidden) refresh(); }, BETWEEN_FETCHES);
}

// Puts the new values in their old places. Nothing moves: rows keep their order until the reader asks.
function patch(fresh) {
  root.dataset.stamp = fresh.documentElement.dataset.stamp;
  const told = [];
  for (const old of all("[data-k]")) {
    const key = CSS.escape(old.dataset.k);
    const now = find(`[data-k="${key}"]`, fresh);
    if (!now || same(old, now)) continue;
    const focused = old.contains(document.activeElement);
    for (const { name } of [...old.attributes]) old.removeAttribute(name);
    for (const { name, value } of now.attributes) old.setAttribute(name, value);
    old.replaceChildren(...now.childNodes);
    if (focused) (find("a", old) || old).focus();
    if (old.matches("td, .t, .figure b, .bar .n, [data-mark]")) mark(old);
    if (old.matches("td.c")) told.push(spoken(old));
  }
  if (told.length) announce(told);
  const order = (from) => all("[data-item], .grid tr[id]", from).map((row) => row.id).join();
  const notice = find("#stale-order");
  if (notice) notice.hidden = order(document) === order(fresh);
  const decided = find("main [data-decided]");
  const since = find("main [data-decided]", fresh);
  const overtaken = find("#overtaken");
  if (overtaken && decided && since && decided.dataset.decided !== since.dataset.decided) overtaken.hidden = false;
  age();
}

function same(one, two) {
  const bare = (element) => {
    const copy = element.cloneNode(true);
    copy.classList.remove("changed");
    if (!copy.getAttribute("class")) copy.removeAttribute("class");
    all("#line, .age", copy).forEach((part) => part.remove());
    return copy.outerHTML;
  };
  return bare(one) === bare(two);
}

function mark(element) {
  element.classList.remove("changed");
  void element.getBoundingClientRect(); // begins the animation anew
  element.classList.add("changed");
  setTimeout(() => element.classList.remove("changed"), 6000);
}

function spoken(cell) {
  const row = cell.closest("tr");
  const head = find(`thead th:nth-child(${cell.cellIndex + 1})`, cell.closest("table"));
  const words = (part) => {
    const copy = part.cloneNode(true);
    all("[aria-hidden]", copy).forEach((sign) => sign.remove());
    return [...copy.childNodes].map((node) => node.textContent.trim()).filter(Boolean).join(" ");
  };
  return [find("th a", row), head, cell].map(words).join(", ");
}

function announce(told) {
  const many = document.body.dataset.many.replace("{n}", String(told.length));
  find("#say").textContent = told.length > 3 ? many : `${document.body.dataset.changed}: ${told.join("; ")}`;
}

function age() {
  const time = find(".pulse time");
  if (!time) return;
  const minutes = Math.round((Date.now() - Date.parse(time.dateTime)) / 60_000);
  let part = find(".age", time.parentElement);
  if (!part) {
    part = document.createElement("span");
    part.className = "age";
    time.after(part);
  }
  const fits = minutes >= 0 && minutes < 600;
  part.textContent = fits ? ` (${new Intl.RelativeTimeFormat(root.lang, { numeric: "auto", style: "short" }).format(-minutes, "minute")})` : "";
}

// --- the board's address follows what is chosen ------------------------------------------------------------------

const REGIONS = ["figures", "map", "chart", "results"];
let asked = 0;

async function show(address, { push = false, whole = false } = {}) {
  const number = ++asked;
  const place = find("#results");
  if (place) place.setAttribute("aria-busy", "true");
  try {
    const fresh = await fetched(address);
    if (number !== asked) return;
    const regions = whole ? ["main"] : REGIONS;
    for (const id of regions) {
      const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
      if (old && now) old.replaceWith(now);
    }
    root.dataset.stamp = fresh.documentElement.dataset.stamp;
    history[push ? "pushState" : "replaceState"](null, "", address);
    const count = find("#results .meta span");
    if (count) find("#say").textContent = count.textContent;
    if (whole) ready();
  } catch {
    location.assign(address);
  }
}

function address_of(form) {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const usual = { group: "answer", sort: "list" }[name];
    if (value && value !== usual) values.append(name, value);
  }
  const query = values.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

let pause = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-boost]");
  if (!form) return;
  clearTimeout(pause);
  pause = setTimeout(() => show(address_of(form)), event.target.type === "search" ? 120 : 0);
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-boost]")) {
    event.preventDefault();
    show(address_of(event.target));
    return;
  }
  // One click, one decision; the server would take the second for the first anyway.
  if (event.target.method === "post") setTimeout(() => all("button", event.target).forEach((button) => { button.disabled = true; }));
});
addEventListener("pageshow", () => all("form[method=post] button").forEach((button) => { button.disabled = false; }));

document.addEventListener("click", (event) => {
  const link = event.target.closest("main a[data-boost], .switch a");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    const written = link.getAttribute("href");
    const [address, place] = written.split("#");
    show(address, { push: true, whole: true }).then(() => {
      const again_here = find(`main a[href="${CSS.escape(written)}"]`);
      if (again_here) again_here.focus();
      // On a narrow screen the table is far below the figure that was tapped.
      if (place && innerWidth < 1184) document.getElementById(place).scrollIntoView();
    });
  }
  for (const open of all("details.menu[open], details.drop[open]")) if (!open.contains(event.target)) open.open = false;
});
addEventListener("popstate", () => { if (document.body.classList.contains("board")) show(location.href, { whole: true }); });

// --- keyboard -----------------------------------------------------------------------------------------------------

const items = () => all("[data-item]");
const current = () => document.activeElement.closest ? document.activeElement.closest("[data-item]") : null;

function step(by) {
  const list = items();
  const place = list.indexOf(current());
  const next = list[Math.min(Math.max(place + by, 0), list.length - 1)];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

function press(selector) {
  const item = current() || (items().length === 1 ? items()[0] : null) || find("main [data-alone]");
  const button = item && find(selector, item);
  if (button) button.click();
  return Boolean(button);
}

const KEYS = {
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  a: () => press("[data-act=accept]"), x: () => press("[data-act=reject]"), c: () => press("[data-act=correct]"),
  o: () => press("[data-act=open]"), Enter: () => document.activeElement === current() && press("[data-act=open]"),
  u: () => { const undo = find("[data-act=undo]"); if (undo) undo.click(); },
  n: () => { const next = find("a[rel=next]"); if (next) next.click(); },
  p: () => { const before = find("a[rel=prev]"); if (before) before.click(); },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") all("details.menu[open], details.drop[open]").forEach((open) => { open.open = false; find("summary", open).focus(); });
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") { event.preventDefault(); (find("form[data-boost] input[type=search]") || find("#find")).focus(); return; }
  const keyed = find("main [data-keys]");
  if (!keyed || find("#no-keys:checked")) return;
  const act = KEYS[event.key];
  if (act && act() !== false && event.key.startsWith("Arrow")) event.preventDefault();
});

// --- small things -------------------------------------------------------------------------------------------------

// What a value rests on lights up with it, and the other way round.
for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, (event) => {
  const part = event.target.closest("[data-v]");
  const keys = part ? part.dataset.v.split(" ") : [];
  for (const one of all("[data-v]")) one.classList.toggle("lit", one.dataset.v.split(" ").some((key) => keys.includes(key)));
});

function ready() {
  age();
  const slider = find("input[data-slider]");
  if (slider) {
    const box = find("input[name=at]", slider.form);
    const from = Date.parse(box.min);
    slider.hidden = false;
    slider.max = Math.ceil((Date.parse(slider.dataset.now) - from) / 3_600_000);
    slider.value = Math.round((Date.parse(box.value) - from) / 3_600_000);
    slider.addEventListener("input", () => {
      const then = new Date(from + slider.value * 3_600_000);
      box.value = new Date(then - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    });
  }
  const keys = find("#no-keys");
  if (keys) {
    keys.checked = localStorage.getItem("no-keys") === "1";
    keys.addEventListener("change", () => localStorage.setItem("no-keys", keys.checked ? "1" : ""));
  }
  // After a decision in the tray, the hands stay where they were.
  const place = Number(sessionStorage.getItem("place") || 0);
  const list = items();
  if (find("main [data-keys=tray]") && list.length && !location.hash) list[Math.min(place, list.length - 1)].focus({ preventScroll: true });
  for (const [number, item] of list.entries()) item.addEventListener("focusin", () => sessionStorage.setItem("place", String(number)));
}

ready();
if (!document.body.hasAttribute("data-frozen")) {
  listen();
  setInterval(revive, 5000);
  setInterval(age, 30_000);
  // A browser keeps six lines to one place: pages that nobody sees let go of theirs.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else { listen(); if (again) refresh(); }
  });
  addEventListener("online", listen);
}
