// Quotes and the state of the page's stream. HTML that arrives is swapped by htmx itself.
const shown = new Map();

function update(symbol, field, text) {
  for (const element of document.querySelectorAll(`[data-quote="${CSS.escape(symbol)}"][data-field="${field}"]`)) {
    if (element.textContent === text) continue;
    const key = `${symbol}/${field}`;
    const before = shown.get(key);
    element.textContent = text;
    if (field === "bid" || field === "ask") {
      const now = Number.parseFloat(text.replace(/[^\d.]/g, ""));
      if (before !== undefined && now !== before) {
        element.classList.toggle("ui-tick-up", now > before);
        element.classList.toggle("ui-tick-down", now < before);
      }
    }
  }
  if (field === "bid" || field === "ask") shown.set(`${symbol}/${field}`, Number.parseFloat(text.replace(/[^\d.]/g, "")));
}

// data: [[symbol, bid, ask, spread, time, ms], …], written as they are to be read.
document.addEventListener("quotes", (event) => {
  for (const quote of JSON.parse(event.detail.data)) {
    const [symbol, bid, ask, spread, time] = quote;
    update(symbol, "bid", bid);
    update(symbol, "ask", ask);
    update(symbol, "spread", spread);
    update(symbol, "time", time);
    document.dispatchEvent(new CustomEvent("quote", { detail: { symbol, bid, ask, ms: quote[5] } }));
  }
});

function state(name, text) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    if (element.dataset.liveState === name) continue;
    element.dataset.liveState = name;
    element.querySelector("[data-live-text]").textContent = text;
  }
}

document.addEventListener("htmx:sse:after:connection", () => state("on", "Live"));
document.addEventListener("htmx:sse:error", () => state("off", "Reconnecting"));
document.addEventListener("htmx:sse:close", () => state("off", "Not connected"));
