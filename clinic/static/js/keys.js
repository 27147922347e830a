// Single keys for the desk. Every page works without them, and they can be switched off.

const SWITCH = "single-keys";
const help = document.getElementById("keys-help");
const switchBox = help?.querySelector("[data-keys-switch]");

function areOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true; // a browser that keeps nothing still has keys
  }
}

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function act(element) {
  if (element === null) return false;
  element.click();
  return true;
}

const named = {
  "?": () => (help ? (help.showModal(), true) : false),
  "/": () => {
    const box = document.querySelector('[data-focus-key="/"]');
    box?.focus();
    return box !== null;
  },
  ArrowLeft: () => act(document.querySelector('[data-key="left"]')),
  ArrowRight: () => act(document.querySelector('[data-key="right"]')),
};

function press(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!areOn() || help?.open || isTyping(event.target)) return;
  if (event.key.startsWith("Arrow") && event.target.closest("[data-own-arrows]")) return;
  const known = named[event.key];
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  const isDone = known ? known() : /^[a-z]$/.test(key) && act(document.querySelector(`[data-key="${key}"]`));
  if (isDone) event.preventDefault();
}

document.documentElement.classList.remove("no-script");
document.addEventListener("keydown", press);
document.querySelector("[data-focus-first]")?.focus();
if (switchBox) {
  switchBox.checked = areOn();
  switchBox.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, switchBox.checked ? "on" : "off");
    } catch {
      // nothing to keep it in: the switch lasts for this page
    }
  });
}
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.account[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
