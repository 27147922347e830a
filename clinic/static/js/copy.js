// Copy buttons: <button data-copy="id of an input" data-copied="words" hidden> copies what is in it.
// Without this script the button stays hidden and the text is selected by hand.

const copy = async (input) => {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch { // no clipboard without HTTPS: the old way
    input.select();
    return document.execCommand("copy");
  }
};

for (const button of document.querySelectorAll("button[data-copy]")) {
  const input = document.getElementById(button.dataset.copy);
  if (!input) continue;
  button.hidden = false;
  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    if (await copy(input)) button.textContent = button.dataset.copied;
    else input.select();
  });
}
