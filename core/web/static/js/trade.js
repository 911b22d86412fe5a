// The trading page: the ticket says what it will do, the list of symbols is searched as one types.
const phone = matchMedia("(max-width: 991.98px)");

function ticketOf(element) {
  return element.closest("[data-ticket]");
}

const valueOf = (ticket, name) => ticket.querySelector(`[name=${name}]:checked`)?.value ?? "";

function tell(ticket) {
  const side = valueOf(ticket, "side");
  const lots = ticket.elements.volume.value || "–";
  ticket.querySelector("[data-ticket-label]").textContent = ticket.dataset[side].replace("%lots%", lots);
  ticket.querySelector(".ui-ticket-submit").dataset.side = side;
}

// An order that waits starts at the price of its side, so that one only has to move it.
function prefill(ticket) {
  const price = ticket.elements.price;
  if (valueOf(ticket, "kind") === "market" || price.value) return;
  const field = valueOf(ticket, "side") === "sell" ? "bid" : "ask";
  const shown = latest.get(ticket.dataset.symbol)?.[field];
  if (shown !== undefined) price.value = shown.toFixed(decimals(price.step));
}

const decimals = (step) => (step.split(".")[1] ?? "").length;
const latest = new Map();
document.addEventListener("quote", (event) => latest.set(event.detail.symbol, event.detail));

// Whole steps, counted in whole numbers: 0.1 + 0.2 is not 0.3 otherwise.
function move(input, by) {
  const places = decimals(input.step);
  const unit = 10 ** places;
  const step = Math.round(Number(input.step) * unit) || 1;
  const now = Math.round((Number(input.value) || 0) * unit);
  const low = Math.round(Number(input.min || 0) * unit);
  const high = input.max ? Math.round(Number(input.max) * unit) : Infinity;
  const aligned = by > 0 ? Math.floor(now / step) * step : Math.ceil(now / step) * step;
  input.value = (Math.min(high, Math.max(low, aligned + by * step)) / unit).toFixed(places);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) move(button.parentElement.querySelector("input"), Number(button.dataset.step));
});

document.addEventListener("input", (event) => {
  const ticket = ticketOf(event.target);
  if (ticket) {
    if (event.target.name === "kind" || event.target.name === "side") {
      if (event.target.name === "side") ticket.elements.price.value = "";
      prefill(ticket);
    }
    tell(ticket);
  }
  if (event.target.matches("[data-filter]")) filter(event.target);
});

function filter(input) {
  const list = document.querySelector(input.dataset.filter);
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of list.children) {
    item.hidden = !words.every((word) => item.dataset.words.includes(word));
    shown += item.hidden ? 0 : 1;
  }
  list.parentElement.querySelector("[data-filter-none]").hidden = shown > 0;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !document.querySelector("dialog[open]")) {
    const search = document.querySelector("[data-filter]");
    if (!search) return;
    event.preventDefault();
    search.closest("details").open = true;
    search.focus();
  }
  if (event.key === "Enter" && event.target.matches("[data-filter]")) {
    event.preventDefault();
    document.querySelector(`${event.target.dataset.filter} > li:not([hidden]) > a`)?.click();
  }
});

// What the server found wrong while one types is marked at its field.
function markProblem() {
  const ticket = document.querySelector("[data-ticket]");
  if (!ticket) return;
  const field = ticket.querySelector("[data-ticket-field]")?.dataset.ticketField;
  for (const input of ticket.querySelectorAll("input[type=number]")) input.classList.toggle("ui-field-doubt", Boolean(field) && input.name === field);
}

function settle() {
  const ticket = document.querySelector("[data-ticket]");
  if (ticket) tell(ticket);
  const watch = document.querySelector("[data-watch]");
  if (watch && !watch.dataset.settled) {
    watch.dataset.settled = "";
    watch.open = !phone.matches;
  }
  markProblem();
}

document.addEventListener("htmx:after:swap", settle);
settle();
