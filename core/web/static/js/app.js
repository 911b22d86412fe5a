// The page's behaviour: everything is found by data attributes, so that fragments that arrive later work as well.
import "./dialogs.js";
import "./live.js";
import { drawCharts } from "./charts.js";
import { toast, watchToasts } from "./toasts.js";
import "./tables.js";
import { words } from "./words.js";

const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRF-Token"] = csrf;
});

document.addEventListener("htmx:after:swap", () => {
  drawCharts(document);
  watchToasts();
});

document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx?.response?.status;
  if (status === 401) location.reload();
  else if (status !== 422) toast(status === 403 || status === 404 ? words.gone : words.failed, "red");
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.error?.name === "TypeError") toast(words.lost, "red");
});

// Menus close on a click elsewhere and on Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.ui-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) {
    dispatchEvent(new CustomEvent("theme:choose", { detail: choice.dataset.themeChoice }));
    for (const other of document.querySelectorAll("[data-theme-choice]")) other.setAttribute("aria-pressed", String(other.dataset.themeChoice === choice.dataset.themeChoice));
  }
  const drawer = event.target.closest("[data-drawer]");
  const open = document.querySelector(".ui-drawer-open");
  if (drawer) {
    const panel = document.querySelector(drawer.dataset.drawer);
    const shown = panel.classList.toggle("ui-drawer-open");
    drawer.setAttribute("aria-expanded", String(shown));
  } else if (open && (!open.contains(event.target) || event.target.closest("a"))) closeDrawer(open);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.ui-menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  const open = document.querySelector(".ui-drawer-open");
  if (open) closeDrawer(open);
});

function closeDrawer(panel) {
  panel.classList.remove("ui-drawer-open");
  const opener = document.querySelector(`[data-drawer="#${panel.id}"]`);
  opener?.setAttribute("aria-expanded", "false");
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  await navigator.clipboard.writeText(copy.dataset.copy);
  toast(words.copied, "green");
});

// A button that fills in a part of the whole.
document.addEventListener("click", (event) => {
  const part = event.target.closest("[data-part]");
  if (!part) return;
  const input = document.querySelector(part.closest("[data-parts]").dataset.parts);
  input.value = part.dataset.part;
  input.dispatchEvent(new Event("input", { bubbles: true }));
});

// A choice that is a form of its own goes at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// A wide logo says the name itself.
for (const logo of document.querySelectorAll("[data-logo]")) {
  const fit = () => logo.closest(".ui-brand").classList.toggle("ui-brand-wide", logo.naturalWidth > 2 * logo.naturalHeight);
  if (logo.complete) fit();
  else logo.addEventListener("load", fit, { once: true });
}

// "3 min ago" stays true while the page is open.
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
setInterval(() => {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, (Date.now() - Date.parse(element.dateTime)) / 1000);
    const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
    element.textContent = seconds < 5 ? words.now : words.ago.replace("{span}", `${Math.floor(seconds / size)}\u00a0${unit}`);
  }
}, 10000);

// Tabs that do not fit their row: the open one is in sight.
for (const tab of document.querySelectorAll(".ui-tabs .active")) {
  const row = tab.closest(".ui-tabs");
  const [outer, inner] = [row.getBoundingClientRect(), tab.getBoundingClientRect()];
  if (inner.right > outer.right || inner.left < outer.left) row.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
}

drawCharts(document);
watchToasts();
document.querySelector("[data-focus]")?.focus();
