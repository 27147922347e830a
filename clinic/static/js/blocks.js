// A new closed time: the last day follows the first one until it is later by choice.
// Without this the server says when the end does not come after the start.

const form = document.querySelector("form[data-follows]");
const from = form?.elements.namedItem("from_on");
const until = form?.elements.namedItem("to_on");
let last = from?.value;

from?.addEventListener("change", () => {
  if (from.value && (until.value === last || until.value < from.value)) until.value = from.value;
  last = from.value;
});
