// The patient's form: the wish for e-mail follows the address while it is typed.
// Without this the box is ticked by hand, and the server says when an address is missing.

const form = document.querySelector("form[data-mail-choice]");
const address = form?.elements.namedItem("email");
const wish = form?.elements.namedItem("wants_email");
let had = Boolean(address?.value.trim());

address?.addEventListener("input", () => {
  const has = Boolean(address.value.trim());
  if (has !== had) wish.checked = has;
  had = has;
});
