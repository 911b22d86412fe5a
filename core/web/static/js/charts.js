// Draws every [data-chart]: its data is the JSON beside it, or comes from its address.
let library = null;
const drawn = new WeakMap();

export function drawCharts(root) {
  for (const figure of root.querySelectorAll("[data-chart]")) if (!drawn.has(figure)) draw(figure);
  for (const element of root.querySelectorAll("[data-chart-levels]")) relevel(element);
}

// A fragment that brings other lines for a chart that stays.
function relevel(element) {
  const figure = document.getElementById(element.dataset.chartLevels);
  if (!figure) return;
  figure.dataset.levels = element.dataset.levels;
  figure.dispatchEvent(new CustomEvent("levels"));
}

function colours(element) {
  const style = getComputedStyle(element);
  const read = (name) => resolve(style.getPropertyValue(name).trim(), element);
  return { primary: read("--ui-chart-line"), muted: read("--ui-faint"), up: read("--ui-up"), down: read("--ui-down"), text: read("--ui-quiet"), grid: read("--ui-line") };
}

// The library reads only rgb() and hex; the browser turns any colour into rgba through a canvas pixel.
function resolve(value) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#888";
  context.fillStyle = value;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${r}, ${g}, ${b}, ${(a / 255).toFixed(3)})`;
}

const fade = (colour, alpha) => colour.replace(/[\d.]+\)$/, `${alpha})`);

function look(palette) {
  return {
    layout: { background: { color: "transparent" }, textColor: palette.text, fontFamily: "Inter, system-ui, sans-serif", fontSize: 11, attributionLogo: false },
    grid: { vertLines: { visible: false }, horzLines: { color: palette.grid } },
    rightPriceScale: { borderVisible: false },
    timeScale: { borderVisible: false, maxBarSpacing: 32, timeVisible: true, secondsVisible: false },
    crosshair: { horzLine: { labelBackgroundColor: palette.muted }, vertLine: { labelBackgroundColor: palette.muted } },
  };
}

function styleOf(series, palette) {
  const colour = palette[series.tone] ?? palette.primary;
  if (series.kind === "candles") return { upColor: palette.up, downColor: palette.down, wickUpColor: palette.up, wickDownColor: palette.down, borderVisible: false };
  if (series.kind === "histogram") return { color: fade(colour, 0.6) };
  if (series.kind === "line") return { color: colour, lineWidth: 2 };
  if (series.kind === "baseline") return { topLineColor: palette.up, topFillColor1: fade(palette.up, 0.25), topFillColor2: fade(palette.up, 0.02), bottomLineColor: palette.down, bottomFillColor1: fade(palette.down, 0.02), bottomFillColor2: fade(palette.down, 0.25), lineWidth: 2 };
  return { lineColor: colour, topColor: fade(colour, 0.22), bottomColor: fade(colour, 0.01), lineWidth: 2 };
}

function points(series) {
  if (series.kind === "candles") return series.points.map(([time, open, high, low, close]) => ({ time, open, high, low, close }));
  return series.points.map(([time, value]) => ({ time, value }));
}

async function draw(figure) {
  drawn.set(figure, true);
  library ??= import("../vendor/charts/lightweight-charts.mjs");
  const kit = await library;
  let data = JSON.parse(figure.querySelector("script").textContent);
  const holder = figure.querySelector(".ui-chart-canvas");
  if (figure.dataset.source) {
    try {
      const answer = await fetch(figure.dataset.source, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      data = { ...data, ...(await answer.json()) };
    } catch {
      holder.textContent = "The chart could not be loaded.";
      return;
    }
  }
  holder.replaceChildren();
  if (!data.series.some((series) => series.points.length)) {
    holder.textContent = "No data to draw yet.";
    return;
  }
  const kinds = { candles: kit.CandlestickSeries, area: kit.AreaSeries, line: kit.LineSeries, histogram: kit.HistogramSeries, baseline: kit.BaselineSeries };
  let palette = colours(figure);
  const chart = kit.createChart(holder, { ...look(palette), autoSize: true, handleScroll: { vertTouchDrag: false } });
  const format = { type: "price", precision: data.digits, minMove: 10 ** -data.digits };
  const lines = data.series.map((series) => {
    const base = series.kind === "baseline" ? { baseValue: { type: "price", price: data.baseline ?? 0 } } : {};
    const line = chart.addSeries(kinds[series.kind] ?? kit.AreaSeries, { ...styleOf(series, palette), ...base, priceFormat: format, title: data.series.length > 1 ? series.name : "" });
    line.setData(points(series));
    return line;
  });
  const level = levelsOf(lines[0], data.levels ?? []);
  const mark = (colours) => data.markers?.map(([time, up, text]) => ({ time, text, position: up ? "belowBar" : "aboveBar", shape: up ? "arrowUp" : "arrowDown", color: up ? colours.up : colours.down }));
  const marks = data.markers?.length ? kit.createSeriesMarkers(lines[0], mark(palette)) : null;
  const relevelled = () => level(palette, figure.dataset.levels ? JSON.parse(figure.dataset.levels) : undefined);
  relevelled();
  figure.addEventListener("levels", relevelled);
  chart.timeScale().fitContent();
  addEventListener("theme", () => {
    palette = colours(figure);
    chart.applyOptions(look(palette));
    lines.forEach((line, index) => line.applyOptions(styleOf(data.series[index], palette)));
    relevelled();
    marks?.setMarkers(mark(palette));
  });
  if (data.live) follow(figure, data, lines[0]);
}

// Horizontal lines that the price axis makes room for: what is returned draws them anew, with other levels where some are given.
function levelsOf(line, first) {
  let levels = first;
  let shown = [];
  line.applyOptions({
    autoscaleInfoProvider: (original) => {
      const found = original();
      if (!levels.length) return found;
      const prices = levels.map(([price]) => price);
      const [low, high] = [Math.min(...prices), Math.max(...prices)];
      if (!found) return { priceRange: { minValue: low, maxValue: high } };
      return { ...found, priceRange: { minValue: Math.min(found.priceRange.minValue, low), maxValue: Math.max(found.priceRange.maxValue, high) } };
    },
  });
  return (palette, others) => {
    levels = others ?? levels;
    for (const old of shown) line.removePriceLine(old);
    shown = levels.map(([price, tone, title, dashed]) => line.createPriceLine({ price, title, color: fade(palette[tone] ?? palette.muted, title ? 0.9 : 0.55), lineWidth: 1, lineStyle: dashed ? 2 : 0, axisLabelVisible: Boolean(title) }));
    // The axis measures itself again.
    line.priceScale().applyOptions({ autoScale: true });
  };
}

// The last candle moves with the quotes of its symbol; a new one begins with its time.
function follow(figure, data, line) {
  const series = data.series[0];
  const step = data.step || 60;
  let last = points(series).at(-1);
  const move = (event) => {
    if (!figure.isConnected) return document.removeEventListener("quote", move);
    if (event.detail.symbol !== data.live) return;
    const price = event.detail.bid;
    const time = Math.floor(event.detail.ms / 1000 / step) * step;
    if (!last || time > last.time) last = series.kind === "candles" ? { time, open: price, high: price, low: price, close: price } : { time, value: price };
    else if (time < last.time) return;
    else if (series.kind === "candles") last = { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price };
    else last = { time: last.time, value: price };
    line.update(last);
  };
  document.addEventListener("quote", move);
}
