// Presses "Go on" while an import is under way. Without a script a person presses it.

document.querySelector("form[data-goes-on]")?.requestSubmit();
