// The pages at the chair ask again now and then, because what is due moves with the clock: the list
// whole, of a visit its head and its verdict. Forms are never touched. Without this file the page
// shows the moment at which it was opened.

const POLL_MS = 20000;

function fill(old, fresh) {
  if (old.innerHTML === fresh.innerHTML) return;
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  old.innerHTML = fresh.innerHTML;
  if (focused) old.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function poll() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Poll": "1" } }).catch(() => null);
  if (!answer || answer.status !== 200 || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = document.querySelector(`[data-live="${part.dataset.live}"]`);
    if (old) fill(old, part);
  }
}

setInterval(poll, POLL_MS);
document.addEventListener("visibilitychange", poll);
