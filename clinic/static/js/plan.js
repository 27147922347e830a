// Planning: another treatment brings the phases of its own into the form.
// Without this they appear once the plans are shown.

const form = document.querySelector("form[data-plan]");
const phases = document.getElementById("phases");
const treatment = form?.elements.namedItem("protocol");
let asked = 0;

async function refresh() {
  const mine = ++asked;
  const body = new FormData(form);
  phases.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } });
    if (answer.ok && mine === asked) phases.innerHTML = await answer.text();
  } finally {
    if (mine === asked) phases.removeAttribute("aria-busy");
  }
}

treatment?.addEventListener("change", refresh);
