// What an operator looks at: figures, latency over time, breakers, checks, the tuner, events.

import * as explorer from "./explorer.js";
import { between, parse, quantile, sum } from "./metrics.js";
import * as service from "./service.js";

const EVERY_MS = 2000;
const POINTS = 150;
const by = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const times = [];
const columns = [];
let before = null;

/** A chart of lines over time; each line is a name and where its value comes from. */
function chart(id, lines) {
  const box = by(id);
  const palette = ["--accent", "--warm", "--bad", "--good"];
  const series = lines.map(([label], at) => ({ label, stroke: style(palette[at]), width: 1.5, spanGaps: true }));
  const axis = { stroke: style("--quiet"), grid: { stroke: style("--line") }, size: 46 };
  const plot = new uPlot(
    {
      width: box.clientWidth || 280,
      height: 150,
      series: [{}, ...series],
      axes: [{ ...axis, size: 26 }, axis],
      scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1] } },
      cursor: { sync: { key: "time" } },
    },
    [[], ...lines.map(() => [])],
    box,
  );
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 150 })).observe(box);
  const held = lines.map(() => []);
  return (point) => {
    lines.forEach(([, value], at) => {
      held[at].push(value(point));
      if (held[at].length > POINTS) held[at].shift();
    });
    plot.setData([times, ...held]);
  };
}

const ms = (seconds) => (seconds === null ? null : seconds * 1000);
const setting = (name) => (point) => {
  const held = point.now.get("emanate_tuner_setting") ?? [];
  return held.find(({ labels }) => Object.values(labels).includes(name))?.value ?? null;
};

function charts() {
  return [
    chart("rate", [["spreads", (p) => p.rate]]),
    chart("latency", [
      ["p50", (p) => ms(quantile(p.response, 0.5))],
      ["p95", (p) => ms(quantile(p.response, 0.95))],
      ["p99", (p) => ms(quantile(p.response, 0.99))],
    ]),
    chart("pool", [
      ["in use", (p) => sum(p.now, "emanate_scratch_in_use")],
      ["queue", (p) => sum(p.now, "emanate_queue_depth")],
    ]),
    chart("tuner", [
      ["batch size", setting("batch_size")],
      ["hop limit", setting("hop_limit")],
    ]),
  ];
}

function figure(name, value) {
  const term = document.createElement("dt");
  const said = document.createElement("dd");
  term.textContent = name;
  said.textContent = value;
  const pair = document.createElement("div");
  pair.append(term, said);
  return pair;
}

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

function figures({ now, rate, response }) {
  const p99 = quantile(response, 0.99);
  const capacity = sum(now, "emanate_scratch_capacity");
  by("figures").replaceChildren(
    figure("spreads a second", number.format(rate)),
    figure("p99", p99 === null ? "no spreads" : `${number.format(p99 * 1000)} ms`),
    figure("in flight", number.format(sum(now, "emanate_spreads_in_flight"))),
    figure("waiting", number.format(sum(now, "emanate_queue_depth"))),
    figure("scratch", `${number.format(sum(now, "emanate_scratch_in_use"))} of ${number.format(capacity)}`),
    figure("spreads in all", number.format(sum(now, "emanate_spreads_total"))),
    figure("degraded", number.format(sum(now, "emanate_spreads_degraded_total"))),
    figure("tuner", sum(now, "emanate_tuner_frozen") > 0 ? "frozen" : "not frozen"),
  );
}

/** The durations of every past interval as a picture: time to the right, duration upwards. */
function heat() {
  const canvas = by("heat");
  const { width, height } = canvas.getBoundingClientRect();
  const scale = devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const [name, tier] = by("heat-of").value.split("|");
  const all = columns.map(({ before, now }) => between(before, now, name, tier ? { tier } : {}));
  const rows = all.at(-1)?.length ?? 0;
  if (rows === 0) return;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.fillStyle = style("--accent");
  all.forEach((cells, at) => {
    const most = cells.reduce((sum, cell) => sum + cell.count, 0);
    const x = ((POINTS - all.length + at) * width) / POINTS;
    cells.forEach(({ count }, row) => {
      if (count === 0) return;
      context.globalAlpha = 0.15 + 0.85 * Math.sqrt(count / most);
      context.fillRect(x, height - ((row + 1) * height) / rows, width / POINTS + 0.5, height / rows - 1);
    });
  });
  const bounds = all.at(-1).map((cell) => cell.bound).filter(Number.isFinite);
  const said = (seconds) => (seconds < 1e-3 ? `${number.format(seconds * 1e6)} µs` : seconds < 1 ? `${number.format(seconds * 1e3)} ms` : `${number.format(seconds)} s`);
  by("heat-scale").textContent =
    `${said(bounds[0])} at the bottom to ${said(bounds.at(-1))} at the top; darker holds more; the last ${(POINTS * EVERY_MS) / 60000} minutes`;
}

function states(id, series, kind, isGood, isBetween) {
  const items = series
    .filter(({ value }) => value === 1)
    .map(({ labels }) => {
      const item = document.createElement("li");
      const state = labels.state ?? labels.status;
      item.textContent = `${labels[kind]}: ${state.replace("_", " ")}`;
      item.dataset.is = isGood.includes(state) ? "good" : isBetween.includes(state) ? "between" : "bad";
      return item;
    });
  by(id).replaceChildren(...items);
}

function state(text, is) {
  by("state").textContent = text;
  by("state").dataset.is = is;
}

async function look(draw) {
  try {
    const now = parse(await service.metrics());
    const at = Date.now() / 1000;
    if (before) {
      const seconds = at - times.at(-1);
      const spreads = sum(now, "emanate_spreads_total") - sum(before, "emanate_spreads_total");
      const response = between(before, now, "emanate_spread_response_seconds");
      columns.push({ before, now });
      times.push(at);
      if (times.length > POINTS) times.shift();
      if (columns.length > POINTS) columns.shift();
      const point = { now, rate: Math.max(0, spreads / seconds), response };
      draw.forEach((add) => add(point));
      figures(point);
      heat();
    } else {
      times.push(at);
      draw.forEach((add) => add({ now, rate: null, response: [] }));
      figures({ now, rate: 0, response: [] });
    }
    states("breakers", now.get("emanate_breaker_state") ?? [], "breaker", ["closed"], ["half_open", "disabled", "metrics_only"]);
    states("checks", now.get("emanate_health_status") ?? [], "check", ["pass"], ["warn", "unknown"]);
    before = now;
    state("live", "live");
  } catch (error) {
    state(`no figures: ${error.message}`, "lost");
  }
}

function hear(kind, data) {
  const item = document.createElement("li");
  const when = document.createElement("time");
  when.textContent = new Date().toLocaleTimeString();
  item.append(when, ` ${kind} ${data}`);
  by("events").prepend(item);
  while (by("events").children.length > 100) by("events").lastElementChild.remove();
}

async function facts() {
  try {
    const graph = await service.graphFacts();
    const [nodes, edges] = [graph.nodes, graph.edges].map((count) => number.format(count ?? 0));
    by("graph-facts").textContent = `${nodes} nodes, ${edges} edges`;
  } catch (error) {
    by("graph-facts").textContent = error.message;
  }
}

by("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  service.setToken(by("token").value);
  by("token").value = "";
  by("access").open = false;
  facts();
});
by("heat-of").addEventListener("change", heat);
explorer.start();
facts();
const draw = charts();
look(draw);
setInterval(() => look(draw), EVERY_MS);
service.events(hear, () => {});
