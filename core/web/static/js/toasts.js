// Short messages in the corner; they stay while they are hovered or hold the focus.
import { words } from "./words.js";

const box = document.getElementById("toasts");

export function toast(text, tone = "secondary") {
  const element = document.createElement("div");
  element.className = `ui-toast ui-tone-${tone}`;
  element.dataset.toast = "";
  const dot = Object.assign(document.createElement("span"), { className: "ui-dot" });
  dot.setAttribute("aria-hidden", "true");
  const words = Object.assign(document.createElement("span"), { textContent: text });
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn-close" });
  close.setAttribute("aria-label", words.dismiss);
  close.dataset.toastClose = "";
  element.append(dot, words, close);
  box.append(element);
  watchToasts();
}

export function watchToasts() {
  for (const element of box.querySelectorAll("[data-toast]:not([data-watched])")) {
    element.dataset.watched = "";
    const leave = () => (element.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : element.remove());
    setTimeout(leave, element.classList.contains("ui-tone-red") ? 12000 : 6000);
  }
}

box.addEventListener("click", (event) => {
  if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
});

// A response's header HX-Trigger: {"toast": {"text": …, "tone": …}} ends here.
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
