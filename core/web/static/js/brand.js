// Colours as they are chosen, on panes that show both surfaces. What a colour gives is computed by the server.
function apply(source) {
  const grounds = JSON.parse(source.dataset.brandProperties);
  for (const pane of document.querySelectorAll("[data-brand-ground]")) {
    for (const [name, value] of Object.entries(grounds[pane.dataset.brandGround] ?? {})) pane.style.setProperty(name, value);
  }
}

document.addEventListener("htmx:after:swap", () => {
  const source = document.querySelector("[data-brand-properties]");
  if (!source) return;
  apply(source);
  document.querySelector(".ui-brand-previews")?.setAttribute("data-ready", "");
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-brand-use]");
  if (!button) return;
  const input = document.querySelector(`[name="${button.dataset.brandUse}"]`);
  input.value = button.dataset.value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
});
