// A spread as a graph that lights up hop by hop, its ranked list, and the path behind each answer.

import * as service from "./service.js";

const SVG = "http://www.w3.org/2000/svg";
const TOP = 40;
const HOP_MS = 700;
/** Letters of a label that are shown beside a node, and elsewhere. */
const BESIDE = 24;
const LABEL = 120;
/** Width of a letter beside a node, in pixels, a little more than most have. */
const LETTER = 6.4;
/** How far the picture is stretched at most to fill its box. */
const STRETCH = 2.5;
const by = (id) => document.getElementById(id);
const nameOf = (node) => String(node);

let asked = null;
let completing = null;
let shown = null;
/** Whether there was a first question; from then on, a moved slider asks again. */
let began = false;

function element(kind, attributes = {}, text) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** `label`, cut after `most` letters. */
function cut(label, most) {
  if (label.length <= most) return label;
  // By whole characters: half of one is none.
  return `${[...label.slice(0, 2 * most)].slice(0, most - 1).join("")}…`;
}

const pathOf = (entry) => (entry.path ?? [entry.node]).map(nameOf);

/** Four digits, in the shortest form. */
const short = (number) => Number(number.toPrecision(4)).toString();

/** The name of the graph that is asked; the default one until it is known which there are. */
export const graph = () => by("graph").value || service.DEFAULT_GRAPH;

/** Offers the graphs called `names`. Whoever chose one keeps it as long as it is there. */
export function offer(names) {
  const offered = [...by("graph").options].map((option) => option.value);
  if (names.join() === offered.join()) return;
  const wanted = [graph(), service.DEFAULT_GRAPH, ...names].find((name) => names.includes(name));
  by("graph").replaceChildren(...names.map((name) => new Option(name, name)));
  by("graph").value = wanted ?? "";
  // One graph that routes without a name mean is no choice.
  by("graph-choice").hidden = names.join() === service.DEFAULT_GRAPH;
}

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
  began = true;
  asked?.abort();
  asked = new AbortController();
  by("answer-state").textContent = "spreading";
  try {
    const answer = await service.spread(graph(), query(), asked.signal);
    show(answer);
    by("answer-state").textContent = summary(answer);
  } catch (error) {
    if (error.name === "AbortError") return;
    // An old answer under a new question would be taken for its answer.
    clear();
    by("answer-state").textContent = error.message;
  }
}

function summary({ stats, stop_reason, degraded }) {
  const count = (number, one, more) =>
    `${number.toLocaleString("en")} ${number === 1 ? one : more}`;
  const missing = degraded.length ? `, ${count(degraded.length, "node", "nodes")} not read` : "";
  return (
    `${count(stats.nodes_reached, "node", "nodes")} in ${short(stats.elapsed_us / 1000)} ms, ` +
    `${count(stats.hops, "hop", "hops")}, ${count(stats.edges_traversed, "edge", "edges")}, ` +
    `ended by ${stop_reason.replaceAll("_", " ")}${missing}`
  );
}

function clear() {
  lighting += 1;
  shown = null;
  for (const id of ["picture", "ranked", "path"]) by(id).replaceChildren();
  by("hop-state").textContent = "";
  by("replay").disabled = true;
  by("path-none").hidden = true;
  by("empty").hidden = false;
}

function show(answer) {
  const nodes = new Map();
  const links = new Map();
  const add = (name, hop) => {
    const held = nodes.get(name);
    if (!held) nodes.set(name, { name, hop, activation: null });
    else held.hop = Math.min(held.hop, hop);
  };
  for (const entry of answer.activations) {
    const path = pathOf(entry);
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
  shown = { nodes: [...nodes.values()], links: [...links.values()] };
  by("empty").hidden = true;
  rank(answer.activations);
  draw();
  light();
}

function rank(entries) {
  by("path").replaceChildren();
  by("path-none").hidden = false;
  by("ranked").replaceChildren(
    ...entries.map((entry) => {
      const row = document.createElement("tr");
      const name = document.createElement("button");
      name.type = "button";
      name.textContent = cut(nameOf(entry.node), LABEL);
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

/** Each label by itself, so that one written from right to left does not turn the others round. */
function isolated(label) {
  const part = document.createElement("bdi");
  part.textContent = cut(label, LABEL);
  return part;
}

function choose(entry) {
  const path = pathOf(entry);
  const said = path.flatMap((label, at) => (at ? [" → ", isolated(label)] : [isolated(label)]));
  by("path-none").hidden = true;
  by("path").replaceChildren(...said, path.length > 1 ? "" : " is a seed");
  for (const group of by("picture").querySelectorAll("g")) {
    group.classList.toggle("chosen", path.includes(group.dataset.name));
  }
  const steps = new Set(path.slice(1).map((name, at) => JSON.stringify([path[at], name])));
  for (const line of by("picture").querySelectorAll("line")) {
    line.classList.toggle("chosen", steps.has(line.dataset.link));
  }
}

/** A node on the way to others may itself be too weak for the list. */
function said({ name, hop, activation }) {
  const strength = activation === null ? "on the way" : short(activation);
  return `${cut(name, LABEL)}: ${strength}, hop ${hop}`;
}

/** Stretches or shrinks the places of `nodes` on one axis, so that they fill `0..size`. */
function fit(nodes, axis, size, margin) {
  const all = nodes.map((node) => node[axis]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const scale = Math.min((size - 2 * margin) / Math.max(high - low, 1), STRETCH);
  for (const node of nodes) node[axis] = size / 2 + (node[axis] - (low + high) / 2) * scale;
}

/**
 * Where the label of each node goes: on the first of its four sides that is free. The strongest
 * choose first; one that finds no free side is `crowded`, and is shown when it is pointed at.
 */
function label(nodes, radius, width, height) {
  const taken = nodes.map((node) => {
    const r = radius(node);
    return { node, x: node.x - r, y: node.y - r, w: 2 * r, h: 2 * r };
  });
  const free = (box, node) =>
    box.x >= 0 &&
    box.y >= 0 &&
    box.x + box.w <= width &&
    box.y + box.h <= height &&
    taken.every(
      (other) =>
        other.node === node ||
        box.x >= other.x + other.w ||
        other.x >= box.x + box.w ||
        box.y >= other.y + other.h ||
        other.y >= box.y + box.h,
    );
  const places = new Map();
  const strength = (node) => (node.hop === 0 ? Infinity : (node.activation ?? 0));
  for (const node of [...nodes].sort((one, other) => strength(other) - strength(one))) {
    const w = LETTER * Math.min(node.name.length, BESIDE);
    const r = radius(node) + 3;
    const sides = [
      { x: r, y: 4, "text-anchor": "start", left: r },
      { x: -r, y: 4, "text-anchor": "end", left: -r - w },
      { x: 0, y: r + 9, "text-anchor": "middle", left: -w / 2 },
      { x: 0, y: -r - 1, "text-anchor": "middle", left: -w / 2 },
    ];
    const boxed = sides.map(({ left, ...place }) => {
      const box = { x: node.x + left, y: node.y + place.y - 10, w, h: 13 };
      return { place, box };
    });
    const found = boxed.find(({ box }) => free(box, node));
    if (found) taken.push(found.box);
    places.set(node, { ...(found ?? boxed[0]).place, crowded: !found });
  }
  return places;
}

function draw() {
  const picture = by("picture");
  const { width, height } = picture.getBoundingClientRect();
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const largest = Math.max(...shown.nodes.map((node) => node.activation), 1e-12);
  const radius = (node) => 4 + 9 * Math.sqrt(Math.max(node.activation, 0) / largest);
  const simulation = d3
    .forceSimulation(shown.nodes)
    .force(
      "link",
      d3
        .forceLink(shown.links)
        .id((node) => node.name)
        .distance(70),
    )
    .force("charge", d3.forceManyBody().strength(-170))
    .force(
      "apart",
      d3.forceCollide((node) => radius(node) + 10),
    )
    .force("x", d3.forceX(width / 2).strength(0.06))
    .force("y", d3.forceY(height / 2).strength(0.09))
    .stop();
  simulation.tick(220);
  fit(shown.nodes, "x", width, Math.min(70, width / 8));
  fit(shown.nodes, "y", height, 22);
  const places = label(shown.nodes, radius, width, height);
  picture.replaceChildren(
    ...shown.links.map(({ source, target, hop }) => {
      const ends = { x1: source.x, y1: source.y, x2: target.x, y2: target.y };
      const line = element("line", { ...ends, "data-hop": hop });
      line.dataset.link = JSON.stringify([source.name, target.name]);
      return line;
    }),
    ...shown.nodes.map((node) => {
      const group = element("g", {
        transform: `translate(${node.x} ${node.y})`,
        "data-hop": node.hop,
      });
      group.dataset.name = node.name;
      if (node.hop === 0) group.classList.add("seed");
      const { crowded, ...place } = places.get(node);
      group.classList.toggle("crowded", crowded);
      group.append(
        element("circle", { r: radius(node) }),
        element("text", place, cut(node.name, BESIDE)),
        element("title", {}, said(node)),
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
    parts
      .filter((part) => Number(part.dataset.hop) === hop)
      .forEach((part) => part.classList.add("lit"));
    by("hop-state").textContent = `hop ${hop} of ${last}`;
    if (!still && hop < last) await new Promise((wake) => setTimeout(wake, HOP_MS));
  }
}

async function complete() {
  const prefix = by("label").value;
  completing?.abort();
  if (!prefix) return;
  completing = new AbortController();
  try {
    const found = await service.labels(graph(), prefix, completing.signal);
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

/** Makes the explorer work; `turned` is called when another graph is chosen. */
export function start(turned) {
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
      if (began) later(run);
    });
  }
  by("graph").addEventListener("change", () => {
    // What is shown is of the other graph.
    asked?.abort();
    clear();
    by("labels").replaceChildren();
    by("answer-state").textContent = "";
    turned();
    if (began) run();
  });
  by("replay").addEventListener("click", light);
  values();
}
