// Quotes and the state of the page's stream. HTML that arrives is swapped by htmx itself.
import { words } from "./words.js";

const shown = new Map();

function update(symbol, field, text, now) {
  for (const element of document.querySelectorAll(`[data-quote="${CSS.escape(symbol)}"][data-field="${field}"]`)) {
    if (element.textContent === text) continue;
    const before = shown.get(`${symbol}/${field}`);
    element.textContent = text;
    if (now === undefined || before === undefined || now === before) continue;
    element.classList.toggle("ui-tick-up", now > before);
    element.classList.toggle("ui-tick-down", now < before);
  }
  if (now !== undefined) shown.set(`${symbol}/${field}`, now);
}

// data: [[symbol, bid, ask, spread, time, ms, bid as a number, ask as a number], …], texts as they are to be read.
document.addEventListener("quotes", (event) => {
  for (const quote of JSON.parse(event.detail.data)) {
    const [symbol, bid, ask, spread, time, ms, bidNumber, askNumber] = quote;
    update(symbol, "bid", bid, bidNumber);
    update(symbol, "ask", ask, askNumber);
    update(symbol, "spread", spread);
    update(symbol, "time", time);
    document.dispatchEvent(new CustomEvent("quote", { detail: { symbol, bid: bidNumber, ask: askNumber, ms } }));
  }
});

function state(name, text) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    if (element.dataset.liveState === name) continue;
    element.dataset.liveState = name;
    element.querySelector("[data-live-text]").textContent = text;
  }
}

document.addEventListener("htmx:sse:after:connection", () => state("on", words.live));
document.addEventListener("htmx:sse:error", () => state("off", words.reconnecting));
document.addEventListener("htmx:sse:close", () => state("off", words.away));
