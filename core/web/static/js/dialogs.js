// Whatever arrives in #dialog opens it; closing returns the focus to where it was.
const dialog = document.getElementById("dialog");
let opener = null;

document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail.ctx.sourceElement;
  if (event.detail.ctx.target === dialog && !dialog.open) opener = source;
});

document.addEventListener("htmx:after:swap", () => {
  if (dialog.childElementCount && !dialog.open) {
    dialog.showModal();
    dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }
  dialog.querySelector("[data-focus]")?.focus();
});

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  opener?.focus?.();
  opener = null;
});

document.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("#dialog [data-dialog-close]")) {
    event.preventDefault();
    dialog.close();
  }
});

document.addEventListener("dialog:close", () => dialog.close());
