// Free times beside a day and a time: a press fills both in, another day brings its own times.
// Without this the same buttons send the form, and the page comes back filled in.

const form = document.querySelector("form[data-times]");
const list = document.getElementById("free-times");
const on = form?.elements.namedItem("on");
const at = form?.elements.namedItem("at");
const WATCHED = ["on", "kind", "site", "place", "second"];
let asked = 0;

function mark() {
  for (const chip of list.querySelectorAll("[data-day]")) {
    const isChosen = chip.dataset.day === on.value && chip.dataset.time === at.value;
    chip.setAttribute("aria-pressed", String(isChosen));
  }
}

async function refresh() {
  if (!on.value || Number(on.value.slice(0, 4)) < 2000) return; // a year that is still being typed
  const mine = ++asked;
  const body = new FormData(form);
  body.set(form.dataset.times, form.dataset.times === "pick" ? "day" : "times");
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } });
    if (answer.ok && mine === asked) list.innerHTML = await answer.text();
  } finally {
    if (mine === asked) list.removeAttribute("aria-busy");
  }
  mark();
}

function press(event) {
  const chip = event.target.closest("[data-day]");
  if (chip === null) return;
  event.preventDefault();
  const isOtherDay = chip.dataset.day !== on.value;
  on.value = chip.dataset.day;
  at.value = chip.dataset.time;
  mark();
  if (isOtherDay) refresh();
}

if (form && list && on && at) {
  list.addEventListener("click", press);
  at.addEventListener("change", mark);
  form.addEventListener("change", (event) => {
    if (WATCHED.includes(event.target.name)) refresh();
  });
}
