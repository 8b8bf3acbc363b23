// A spread as a graph that lights up hop by hop, its ranked list, and the path behind each answer.

import * as service from "./service.js";

const SVG = "http://www.w3.org/2000/svg";
const TOP = 40;
const HOP_MS = 700;
const by = (id) => document.getElementById(id);
const nameOf = (node) => String(node);

let asked = null;
let shown = null;

function element(kind, attributes = {}, text) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Four digits, in the shortest form. */
export const short = (number) => Number(number.toPrecision(4)).toString();

function query() {
  return {
    seeds: [[by("label").value, 1]],
    rule: "linear",
    hops: Number(by("hops").value),
    decay: Number(by("decay").value),
    threshold: Number(short(10 ** Number(by("threshold").value))),
    top: TOP,
    explain: true,
  };
}

async function run() {
  if (!by("label").value) return;
  asked?.abort();
  asked = new AbortController();
  by("answer-state").textContent = "spreading";
  try {
    const answer = await service.spread(query(), asked.signal);
    show(answer);
    const { stats } = answer;
    const missing = answer.degraded.length ? `, ${answer.degraded.length} nodes not read` : "";
    by("answer-state").textContent =
      `${stats.nodes_reached} nodes in ${stats.elapsed_us} µs, ${stats.hops} hops, ` +
      `${stats.edges_traversed} edges, ended by ${answer.stop_reason}${missing}`;
  } catch (error) {
    if (error.name !== "AbortError") by("answer-state").textContent = error.message;
  }
}

function show(answer) {
  const nodes = new Map();
  const links = new Map();
  const add = (name, hop) => {
    const held = nodes.get(name);
    if (!held) nodes.set(name, { name, hop, activation: 0 });
    else held.hop = Math.min(held.hop, hop);
  };
  for (const entry of answer.activations) {
    const path = (entry.path?.nodes ?? entry.path ?? [entry.node]).map(nameOf);
    path.forEach((name, hop) => {
      add(name, hop);
      if (hop > 0) {
        const key = JSON.stringify([path[hop - 1], name]);
        links.set(key, { source: path[hop - 1], target: name, hop });
      }
    });
    add(nameOf(entry.node), entry.hop);
    nodes.get(nameOf(entry.node)).activation = entry.activation;
  }
  shown = { nodes: [...nodes.values()], links: [...links.values()], chosen: null };
  rank(answer.activations);
  draw();
  light();
}

function rank(entries) {
  by("path").textContent = "";
  by("ranked").replaceChildren(
    ...entries.map((entry) => {
      const row = document.createElement("tr");
      const name = document.createElement("button");
      name.type = "button";
      name.textContent = nameOf(entry.node);
      name.addEventListener("click", () => choose(entry));
      const cells = [name, short(entry.activation), String(entry.hop)].map((content) => {
        const cell = document.createElement("td");
        cell.append(content);
        return cell;
      });
      row.append(...cells);
      return row;
    }),
  );
}

function choose(entry) {
  const path = (entry.path?.nodes ?? entry.path ?? [entry.node]).map(nameOf);
  by("path").textContent = path.length > 1 ? path.join(" → ") : `${path[0]} is the seed`;
  for (const group of by("picture").querySelectorAll("g")) {
    group.classList.toggle("chosen", path.includes(group.dataset.name));
  }
}

function draw() {
  const picture = by("picture");
  const { width, height } = picture.getBoundingClientRect();
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const largest = Math.max(...shown.nodes.map((node) => node.activation), 1e-12);
  const radius = (node) => 4 + 9 * Math.sqrt(Math.max(node.activation, 0) / largest);
  const simulation = d3
    .forceSimulation(shown.nodes)
    .force("link", d3.forceLink(shown.links).id((node) => node.name).distance(70))
    .force("charge", d3.forceManyBody().strength(-170))
    .force("apart", d3.forceCollide((node) => radius(node) + 10))
    .force("x", d3.forceX(width / 2).strength(0.06))
    .force("y", d3.forceY(height / 2).strength(0.09))
    .stop();
  simulation.tick(220);
  const within = (value, most) => Math.min(Math.max(value, 16), most - 16);
  for (const node of shown.nodes) {
    node.x = within(node.x, width);
    node.y = within(node.y, height);
  }
  picture.replaceChildren(
    ...shown.links.map(({ source, target, hop }) =>
      element("line", { x1: source.x, y1: source.y, x2: target.x, y2: target.y, "data-hop": hop }),
    ),
    ...shown.nodes.map((node) => {
      const group = element("g", { transform: `translate(${node.x} ${node.y})`, "data-hop": node.hop });
      group.dataset.name = node.name;
      if (node.hop === 0) group.classList.add("seed");
      const label = node.name.length > 24 ? `${node.name.slice(0, 23)}…` : node.name;
      const anchor = node.x > width * 0.7 ? "end" : "start";
      const beside = anchor === "end" ? -radius(node) - 3 : radius(node) + 3;
      group.append(
        element("circle", { r: radius(node) }),
        element("text", { x: beside, y: 4, "text-anchor": anchor }, label),
        element("title", {}, `${node.name}: ${short(node.activation)}, hop ${node.hop}`),
      );
      return group;
    }),
  );
}

let lighting = 0;

/** Lights the picture up, one hop after the other; at once for who wants no motion. */
async function light() {
  const turn = ++lighting;
  const parts = [...by("picture").querySelectorAll("[data-hop]")];
  const last = Math.max(0, ...parts.map((part) => Number(part.dataset.hop)));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  parts.forEach((part) => part.classList.remove("lit"));
  by("replay").disabled = false;
  for (let hop = 0; hop <= last && turn === lighting; hop += 1) {
    parts.filter((part) => Number(part.dataset.hop) === hop).forEach((part) => part.classList.add("lit"));
    by("hop-state").textContent = `hop ${hop} of ${last}`;
    if (!still && hop < last) await new Promise((wake) => setTimeout(wake, HOP_MS));
  }
}

async function complete() {
  const prefix = by("label").value;
  if (!prefix) return;
  try {
    const found = await service.labels(prefix);
    by("labels").replaceChildren(
      ...found.map((label) => {
        const option = document.createElement("option");
        option.value = label;
        return option;
      }),
    );
  } catch {
    // Completion is a help; the spread itself says what is wrong.
  }
}

function values() {
  by("hops-value").textContent = by("hops").value;
  by("decay-value").textContent = by("decay").value;
  by("threshold-value").textContent = short(10 ** Number(by("threshold").value));
}

/** Makes the explorer work. */
export function start() {
  let soon = 0;
  const later = (work) => {
    clearTimeout(soon);
    soon = setTimeout(work, 150);
  };
  by("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  by("label").addEventListener("input", () => later(complete));
  for (const id of ["hops", "decay", "threshold"]) {
    by(id).addEventListener("input", () => {
      values();
      if (shown) later(run);
    });
  }
  by("replay").addEventListener("click", light);
  values();
}
