// The day board: panel beside it, poll every five seconds, arrow keys between cards and free times.
// Every link works without this file; it only saves the page from being loaded anew.

const POLL_MS = 5000;
const frame = document.getElementById("board");
const panel = document.getElementById("panel");
const shell = frame?.parentElement;
let opened = frame?.dataset.open ?? "";

const board = () => frame.querySelector(".board");
const links = () => [...frame.querySelectorAll("a.card, a.gap")];
const idOf = (link) => new URL(link.href).searchParams.get("open");

function markOpen() {
  for (const card of frame.querySelectorAll("a.card")) {
    if (opened && idOf(card) === opened) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
  }
}

function showNow() {
  const line = frame.querySelector(".board-now");
  const day = board();
  if (line && day) day.scrollTop = Math.max(line.offsetTop - day.clientHeight / 3, 0);
}

async function open(id, link) {
  const address = new URL(`visits/${encodeURIComponent(id)}`, location.href);
  const answer = await fetch(address, { headers: { "X-Fragment": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    location.assign(link.href); // the page says why, or asks to log in
    return;
  }
  panel.innerHTML = await answer.text();
  panel.hidden = false;
  shell.dataset.open = "";
  opened = id;
  markOpen();
  panel.focus();
}

function close() {
  const last = frame.querySelector('a.card[aria-current="true"]');
  panel.hidden = true;
  panel.replaceChildren();
  delete shell.dataset.open;
  opened = "";
  markOpen();
  last?.focus();
}

async function poll() {
  if (document.hidden) return;
  const day = board();
  const address = new URL(frame.dataset.poll, location.href);
  address.searchParams.set("v", day.dataset.stamp);
  const answer = await fetch(address, { headers: { "X-Poll": "1" } }).catch(() => null);
  if (!answer || answer.status !== 200 || answer.redirected) return;
  const at = { top: day.scrollTop, left: day.scrollLeft };
  const focused = frame.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  frame.innerHTML = await answer.text();
  Object.assign(board(), { scrollTop: at.top, scrollLeft: at.left });
  document.getElementById("board-summary").textContent = board().dataset.summary;
  markOpen();
  if (focused) links().find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function neighbour(from, [dx, dy]) {
  const here = from.getBoundingClientRect();
  let best = null;
  let least = Infinity;
  for (const link of links()) {
    const there = link.getBoundingClientRect();
    const x = there.left - here.left;
    const y = there.top - here.top;
    if (link === from || (dx ? x * dx < 8 : y * dy < 4)) continue;
    const cost = dx ? Math.abs(x) * 4 + Math.abs(y) : Math.abs(y) + Math.abs(x) * 40;
    if (cost < least) [best, least] = [link, cost];
  }
  return best;
}

function press(event) {
  if (event.key === "Escape" && !panel.hidden) {
    close();
    return;
  }
  const step = STEP[event.key];
  const from = event.target.closest("a.card, a.gap");
  if (!step || !from || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  neighbour(from, step)?.focus();
}

function click(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const card = event.target.closest("a.card");
  if (card && frame.contains(card)) {
    event.preventDefault();
    open(idOf(card), card);
  } else if (event.target.closest("[data-close]")) {
    event.preventDefault();
    close();
  }
}

if (frame && board()) {
  document.addEventListener("click", click);
  document.addEventListener("keydown", press);
  document.getElementById("board-print")?.addEventListener("click", () => window.print());
  setInterval(poll, POLL_MS);
  markOpen();
  showNow();
}
