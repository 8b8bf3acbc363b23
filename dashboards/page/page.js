// What an operator looks at: figures, latency over time, breakers, checks, the tuner, events.

import * as explorer from "./explorer.js";
import { between, parse, quantile, sum } from "./metrics.js";
import * as service from "./service.js";

const EVERY_MS = 2000;
const POINTS = 150;
/** Events shown, the last ones. */
const EVENTS = 100;
const by = (id) => document.getElementById(id);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

const times = [];
const columns = [];
let before = null;
/** Ends the wait for the next reading. */
let wake = () => {};

const palette = ["--accent", "--warm", "--bad", "--good"];

/** A chart of lines over time; each line is a name and where its value comes from. */
function chart(id, lines) {
  const box = by(id);
  const size = () => ({ width: box.clientWidth || 280, height: 150 });
  const held = lines.map(() => []);
  let plot = null;
  const build = () => {
    const value = (_, held) => (held === null || held === undefined ? "–" : number.format(held));
    const series = lines.map(([label], at) => ({
      label,
      value,
      stroke: style(palette[at]),
      width: 1.5,
    }));
    const axis = { stroke: style("--quiet"), grid: { stroke: style("--line"), width: 1 } };
    const range = (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1];
    plot?.destroy();
    plot = new uPlot(
      {
        ...size(),
        series: [{ label: "time" }, ...series],
        axes: [
          { ...axis, size: 26 },
          { ...axis, size: 50 },
        ],
        scales: { y: { range } },
        cursor: { sync: { key: "time" } },
      },
      [times, ...held],
      box,
    );
  };
  build();
  new ResizeObserver(() => plot.setSize(size())).observe(box);
  const add = (point) => {
    lines.forEach(([, value], at) => {
      held[at].push(value(point));
      if (held[at].length > POINTS) held[at].shift();
    });
    plot.setData([times, ...held]);
    // The newest values, where nobody points at others.
    if (!(plot.cursor.left >= 0)) plot.setLegend({ idx: times.length - 1 });
  };
  return { add, build };
}

const ms = (seconds) => (seconds === null ? null : seconds * 1000);
const setting = (name) => (point) => {
  const held = point.now?.get("emanate_tuner_setting") ?? [];
  return held.find(({ labels }) => labels.knob === name)?.value ?? null;
};
const gauge =
  (name) =>
  ({ now }) =>
    now ? sum(now, name) : null;

function charts() {
  return [
    chart("rate", [["spreads", (p) => p.rate]]),
    chart("latency", [
      ["p50", (p) => ms(quantile(p.response, 0.5))],
      ["p95", (p) => ms(quantile(p.response, 0.95))],
      ["p99", (p) => ms(quantile(p.response, 0.99))],
    ]),
    chart("pool", [
      ["in use", gauge("emanate_scratch_in_use")],
      ["queue", gauge("emanate_queue_depth")],
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

function figures({ now, rate, response }) {
  const p99 = quantile(response, 0.99);
  const capacity = sum(now, "emanate_scratch_capacity");
  by("figures").replaceChildren(
    figure("spreads a second", rate === null ? "measuring" : number.format(rate)),
    figure("p99", p99 === null ? "no spreads" : duration(p99)),
    figure("in flight", number.format(sum(now, "emanate_spreads_in_flight"))),
    figure("waiting", number.format(sum(now, "emanate_queue_depth"))),
    figure(
      "scratch",
      `${number.format(sum(now, "emanate_scratch_in_use"))} of ${number.format(capacity)}`,
    ),
    figure("spreads in all", sum(now, "emanate_spreads_total").toLocaleString("en")),
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
      context.fillRect(
        x,
        height - ((row + 1) * height) / rows,
        width / POINTS + 0.5,
        height / rows - 1,
      );
    });
  });
  const bounds = all
    .at(-1)
    .map((cell) => cell.bound)
    .filter(Number.isFinite);
  const empty = all.every((cells) => cells.every(({ count }) => count === 0));
  const minutes = (POINTS * EVERY_MS) / 60000;
  by("heat-scale").textContent = empty
    ? `nothing measured in the last ${minutes} minutes`
    : `${duration(bounds[0])} at the bottom to ${duration(bounds.at(-1))} at the top; ` +
      `the stronger the colour, the more; the last ${minutes} minutes`;
}

function duration(seconds) {
  if (seconds < 1e-3) return `${number.format(seconds * 1e6)} µs`;
  return seconds < 1 ? `${number.format(seconds * 1e3)} ms` : `${number.format(seconds)} s`;
}

function states(id, series, kind, { good, between }) {
  const items = series
    .filter(({ value }) => value === 1)
    .map(({ labels }) => {
      const item = document.createElement("li");
      const state = labels.state ?? labels.status;
      item.textContent = `${labels[kind]}: ${state.replaceAll("_", " ")}`;
      item.dataset.is = good.includes(state) ? "good" : between.includes(state) ? "between" : "bad";
      return item;
    });
  const [first] = items;
  by(id).hidden = !first;
  by(`${id}-none`).hidden = Boolean(first);
  by(id).replaceChildren(...items);
}

function state(text, is) {
  // Set where it differs only: a reader of screens reads out what is set.
  if (by("state").textContent !== text) by("state").textContent = text;
  by("state").dataset.is = is;
}

/** Draws what lies between the reading before and `now`. */
function compare(now, at) {
  const seconds = at - times.at(-1);
  const spreads = sum(now, "emanate_spreads_total") - sum(before, "emanate_spreads_total");
  const response = between(before, now, "emanate_spread_response_seconds");
  columns.push({ before, now });
  if (columns.length > POINTS) columns.shift();
  return { now, rate: Math.max(0, spreads / seconds), response };
}

/** Gives every chart one more point; a point without `now` is a gap in the lines. */
function extend(at, point) {
  times.push(at);
  if (times.length > POINTS) times.shift();
  draw.forEach(({ add }) => add(point));
}

async function look() {
  try {
    const now = parse(await service.metrics());
    const at = Date.now() / 1000;
    const point = before ? compare(now, at) : { now, rate: null, response: [] };
    extend(at, point);
    figures(point);
    heat();
    states("breakers", now.get("emanate_breaker_state") ?? [], "breaker", {
      good: ["closed"],
      between: ["half_open", "disabled", "metrics_only"],
    });
    states("checks", now.get("emanate_health_status") ?? [], "check", {
      good: ["pass"],
      between: ["warn", "unknown"],
    });
    if (!before) facts();
    before = now;
    state("live", "live");
  } catch (error) {
    // What is shown goes stale, so the next reading begins anew.
    if (before) extend(Date.now() / 1000, { now: null, rate: null, response: [] });
    before = null;
    if (error.status === 401) by("access").open = true;
    state(`no figures: ${error.message}`, "lost");
  }
}

/** `{"from": "open", "to": "closed"}` as `from open, to closed`. */
function words(data) {
  const said = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const held = Object.entries(data).filter(([name]) => name !== "time_s");
  return held.map(([name, value]) => `${name} ${said(value)}`).join(", ");
}

function hear(kind, data) {
  const item = document.createElement("li");
  const when = document.createElement("time");
  const at = new Date(data.time_s * 1000);
  when.dateTime = at.toISOString();
  when.textContent = at.toLocaleTimeString();
  const what = document.createElement("strong");
  what.textContent = kind;
  item.append(when, " ", what, ` ${words(data)}`);
  by("events-none").hidden = true;
  by("events").prepend(item);
  while (by("events").children.length > EVENTS) by("events").lastElementChild.remove();
}

async function facts() {
  try {
    const graphs = await service.graphs();
    explorer.offer(graphs.map(({ name }) => name));
    const graph = graphs.find(({ name }) => name === explorer.graph());
    const [nodes, edges] = [graph.nodes, graph.edges].map((count) => count.toLocaleString("en"));
    by("graph-facts").textContent = `${nodes} nodes, ${edges} edges`;
  } catch {
    // Whether there is a service is said where figures are asked for.
    by("graph-facts").textContent = "";
  }
}

by("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  service.setToken(by("token").value);
  by("token").value = "";
  by("access").open = false;
  wake();
});
by("heat-of").addEventListener("change", heat);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  draw.forEach(({ build }) => build());
  heat();
});
explorer.start(facts);
const draw = charts();
service.events(hear);
for (;;) {
  await look();
  await new Promise((next) => {
    wake = next;
    setTimeout(next, EVERY_MS);
  });
}
