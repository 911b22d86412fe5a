// What bots are worth, as it arrives over the page's stream: cells are found by the bot's id and the cell's name.
const language = document.documentElement.lang || "en";
const amount = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const percent = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const english = language.startsWith("en");
const decided = new Map();
const MONEY = ["total", "realised", "floating", "profit", "inventory"];

// As the server writes them: a real minus sign.
const signed = (format, value) => format.format(value).replace("-", "−");

function write(cell, text, value) {
  if (cell.textContent !== text) cell.textContent = text;
  if (value === undefined) return;
  cell.classList.toggle("ui-up", value > 0);
  cell.classList.toggle("ui-down", value < 0);
}

function show(bot) {
  for (const holder of document.querySelectorAll(`[data-bot="${CSS.escape(bot.id)}"]`)) {
    const cell = (name) => holder.querySelector(`[data-cell="${name}"]`);
    for (const name of MONEY) {
      const found = cell(name);
      if (found) write(found, `${signed(amount, bot[name])}\u00a0${bot.currency}`, Number(bot[name]));
    }
    const share = cell("share");
    if (share) write(share, `${signed(amount, bot.share)}\u00a0%`, Number(bot.share));
    const drawdown = cell("drawdown");
    if (drawdown) write(drawdown, `${percent.format(bot.drawdown)}\u00a0%`);
    const last = cell("last");
    if (last && english) write(last, bot.last);
    else if (last) {
      // What arrives is English: in another language the table asks for itself once a bot has decided something.
      if (decided.has(bot.id) && decided.get(bot.id) !== bot.last) document.dispatchEvent(new CustomEvent("bots:changed"));
      decided.set(bot.id, bot.last);
    }
    // A changed status changes what can be done: the part of the page asks for itself again.
    if (holder.dataset.status && holder.dataset.status !== bot.status) {
      holder.dataset.status = bot.status;
      document.dispatchEvent(new CustomEvent("bots:changed"));
    }
  }
}

for (const stream of document.querySelectorAll("[data-bots-topic]")) {
  const topic = stream.dataset.botsTopic;
  const changed = stream.dataset.botsChanged;
  document.addEventListener(topic, (event) => JSON.parse(event.detail.data).bots.forEach(show));
  document.addEventListener(changed, () => document.dispatchEvent(new CustomEvent("bots:changed")));
}

// Fields that count only with certain values of others: "profile=ladder". Without scripts all of them are there.
function showWanted(form) {
  const values = new FormData(form);
  for (const part of form.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.when.split(",").every((pair) => {
      const [name, value] = pair.split("=");
      return values.get(name) === value;
    });
  }
}

const launchForm = () => document.getElementById("launch");
if (launchForm()) showWanted(launchForm());
document.addEventListener("input", (event) => { if (event.target.form?.id === "launch") showWanted(event.target.form); });
document.addEventListener("htmx:after:swap", () => { if (launchForm()) showWanted(launchForm()); });

// Rows that somebody has chosen for a bulk action stay chosen: the table is not drawn anew under their hands.
document.addEventListener("htmx:before:request", (event) => {
  const table = event.detail.ctx.sourceElement?.dataset?.botsRefresh;
  if (table && document.querySelector(`#${CSS.escape(table)} tbody input[name=ids]:checked`)) event.preventDefault();
});
