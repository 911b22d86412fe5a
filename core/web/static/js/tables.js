// Rows that can be chosen for a bulk action.
function count(box) {
  const chosen = box.querySelectorAll("tbody input[name=ids]:checked").length;
  const all = box.querySelectorAll("tbody input[name=ids]").length;
  const bar = box.querySelector("[data-bulk]");
  if (!bar) return;
  bar.hidden = chosen === 0;
  bar.querySelector("[data-bulk-count]").textContent = chosen;
  const head = box.querySelector("[data-select-all]");
  head.checked = chosen === all && all > 0;
  head.indeterminate = chosen > 0 && chosen < all;
}

document.addEventListener("change", (event) => {
  const box = event.target.closest(".ui-table-box");
  if (!box) return;
  if (event.target.matches("[data-select-all]")) {
    for (const input of box.querySelectorAll("tbody input[name=ids]")) input.checked = event.target.checked;
  }
  if (event.target.matches("[data-select-all], input[name=ids]")) count(box);
});
