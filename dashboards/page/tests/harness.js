// A service of its own, load on it, and a browser that notes whatever it should not have done.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const ROOT = resolve(import.meta.dirname, "../../..");
const EMANATE = process.env.EMANATE ?? join(ROOT, "target/debug/emanate");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Longest wait for a service to read its graph or to end, and for anything on the page. */
const WAIT_MS = 30_000;

export const WORDNET = join(ROOT, "bench/data/wordnet.tsv.gz");
export const PICTURES = join(ROOT, "docs/page");

/** Whether `holds` becomes true in time; asked every tenth of a second. */
export async function soon(what, holds) {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > until) throw new Error(`in ${WAIT_MS} ms there was not: ${what}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

/** A running service, until `stop`. */
export class Service {
  constructor(child, origin, token) {
    Object.assign(this, { child, origin, token });
    this.port = Number(new URL(origin).port);
  }

  static async start({ graph, port = 0, token, more = [] }) {
    const settings = ["--listen", `127.0.0.1:${port}`, "--set", "logs.level=error", ...more];
    const env = { ...process.env };
    if (token) env.EMANATE_AUTH_READ_TOKENS = token;
    const named = graph ? ["--graph", graph] : [];
    const child = spawn(EMANATE, ["serve", ...named, ...settings], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the service ended with ${code} before it listened`);
    });
    ended.catch(() => {});
    const [line] = await Promise.race([once(lines, "line"), ended]);
    const service = new Service(child, /http:\S+/.exec(line)[0], token);
    const ready = async () => (await fetch(`${service.origin}/readyz`)).ok;
    await soon("a service that is ready", ready);
    return service;
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  async post(path, body) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const options = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(this.origin + path, options);
    return answer.json();
  }
}

const SEEDS = ["dog", "bank", "spring", "water", "music", "light", "run", "stone", "idea", "green"];

/** Asks `service` about twenty times a second until the answer is called. */
export function load(service) {
  let at = 0;
  const timer = setInterval(() => {
    const seeds = [SEEDS[at++ % SEEDS.length]];
    const hops = 1 + (at % 3);
    service
      .post("/v1/spread", { seeds, hops, decay: 0.85, threshold: 0.001, top: 10 })
      .catch(() => {});
  }, 50);
  return () => clearInterval(timer);
}

/** Writes an edge list into a folder of its own; `remove` takes both away. */
export async function edgeList(edges) {
  const folder = await mkdtemp(join(tmpdir(), "emanate-page-"));
  const file = join(folder, "graph.tsv");
  const rows = [["source", "target", "weight"], ...edges];
  await writeFile(file, `${rows.map((row) => row.join("\t")).join("\n")}\n`);
  return { file, remove: () => rm(folder, { recursive: true }) };
}

export function browser() {
  // Who runs as root, as in a container, has no sandbox of Chromium's.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/**
 * A page on `service`, and what it did wrong: errors on its console, exceptions, what the policy
 * stopped, dialogs, requests to others. `excused` says which errors a test brings about itself.
 */
export async function visit(browser, service, { excused = () => false, path = "/", ...look } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...look });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const wrong = [];
  const note = (kind, text) => {
    if (!excused(text)) wrong.push(`${kind}: ${text}`);
  };
  page.on("console", (said) => {
    if (["error", "warning"].includes(said.type())) note("console", said.text());
  });
  page.on("pageerror", (error) => note("exception", error.message));
  page.on("dialog", (dialog) => {
    note("dialog", dialog.message());
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== service.origin) note("request", request.url());
  });
  await page.addInitScript(() => {
    window.stopped = [];
    addEventListener("securitypolicyviolation", (event) => {
      window.stopped.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  await page.goto(service.origin + path);
  const faults = async () => {
    const stopped = await page.evaluate(() => window.stopped);
    return [...wrong, ...stopped.map((what) => `policy: ${what}`)];
  };
  return { page, context, faults };
}
