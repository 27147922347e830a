// The day board: panel beside it, poll every five seconds, arrow keys between cards and free times,
// columns with nothing in them folded to a strip that a press opens.
// Every link works without this file; it only saves the page from being loaded anew.

const POLL_MS = 5000;
const frame = document.getElementById("board");
const panel = document.getElementById("panel");
const shell = frame?.parentElement;
let opened = frame?.dataset.open ?? "";

const board = () => frame.querySelector(".board");
const STOPS = ":not(.folded) > a.card, :not(.folded) > a.gap, .board-head.folded";
const links = () => [...frame.querySelectorAll(STOPS)];
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

const unfolded = new Set(); // names of the empty columns that somebody opened
const phone = matchMedia("(max-width: 700px)"); // there one column fills the window, as before

function fold() {
  const day = board();
  const heads = [...day.querySelectorAll(".board-head:not(.board-corner)")];
  const columns = [...day.querySelectorAll(".board-column")];
  const tracks = heads.map((head, at) => {
    const name = columns[at].getAttribute("aria-label");
    const isIdle = head.classList.contains("idle") && !phone.matches;
    const isFolded = isIdle && !unfolded.has(name);
    head.classList.toggle("folded", isFolded);
    columns[at].classList.toggle("folded", isFolded);
    if (isIdle) {
      Object.assign(head, { tabIndex: 0, role: "button", ariaLabel: name, title: name });
      head.setAttribute("aria-expanded", String(!isFolded));
    }
    if (isFolded) return "28px";
    const track = "minmax(var(--column, 84px), 1fr)";
    return head.classList.contains("wide-column") ? `${track} ${track}` : track;
  });
  const isAny = !phone.matches && heads.some((head) => head.classList.contains("idle"));
  day.style.gridTemplateColumns = isAny ? `48px ${tracks.join(" ")}` : "";
}

function turn(target) {
  const head = target.closest(".board-head.idle");
  const column = head ? null : target.closest(".board-column.folded");
  if (phone.matches || !(head || column)) return false;
  const name = (column ?? head).getAttribute("aria-label");
  if (!unfolded.delete(name)) unfolded.add(name);
  fold();
  return true;
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
  fold();
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
    const isStrip = link.classList.contains("folded") || from.classList.contains("folded");
    const y = isStrip ? 0 : there.top - here.top; // a strip is beside every hour
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
  if ((event.key === "Enter" || event.key === " ") && event.target.matches(".board-head.idle")) {
    event.preventDefault();
    turn(event.target);
    return;
  }
  const step = STEP[event.key];
  const from = event.target.closest("a.card, a.gap, .board-head.folded");
  if (!step || !from || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  neighbour(from, step)?.focus();
}

function click(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (frame.contains(event.target) && turn(event.target)) return;
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
  phone.addEventListener("change", fold);
  fold();
  markOpen();
  showNow();
}
