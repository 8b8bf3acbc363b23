// The page in a real browser, on a real service.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Service, WORDNET, browser, edgeList, load, soon, visit } from "./harness.js";
import { tooFaint } from "./contrast.js";

let chromium;
before(async () => {
  chromium = await browser();
});
after(() => chromium.close());

const text = (page, id) => page.locator(`#${id}`).textContent();
const short = (number) => Number(number.toPrecision(4)).toString();

/** What is the same in every answer to one query. */
function lasting({ stats: { elapsed_us, ...stats }, ...answer }) {
  return { ...answer, stats };
}

/** Asks by the form and waits for the answer that `act` brings. */
async function answered(page, act) {
  const [response] = await Promise.all([page.waitForResponse("**/v1/spread"), act()]);
  const answer = await response.json();
  const strongest = answer.activations[0].node;
  await page.waitForFunction(
    ([first, hops]) =>
      document.querySelector("#ranked button")?.textContent.startsWith(first) &&
      document.getElementById("hop-state").textContent.endsWith(`of ${hops}`),
    [strongest.slice(0, 20), Math.max(...answer.activations.map(({ hop }) => hop))],
  );
  return answer;
}

async function ask(page, label) {
  await page.fill("#label", label);
  return answered(page, () => page.click("#go"));
}

const live = (page) => page.locator("#state[data-is=live]").waitFor();

/** Whether anything is drawn on the canvas that `selector` finds. */
const drawn = (page, selector) =>
  page.evaluate((selector) => {
    const canvas = document.querySelector(selector);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value > 0);
  }, selector);

const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe("on a graph of words, under load", () => {
  let service;
  let rest;
  before(async () => {
    service = await Service.start({ graph: WORDNET });
    rest = load(service);
  });
  after(async () => {
    rest?.();
    await service?.stop();
  });

  /** A test of a page that must do nothing wrong meanwhile. */
  const on = (what, look, test) =>
    it(what, async () => {
      const { page, context, faults } = await visit(chromium, service, look);
      try {
        await test(page);
        assert.deepEqual(await faults(), []);
      } finally {
        await context.close();
      }
    });

  on("figures follow what the service does", {}, async (page) => {
    await live(page);
    const all = page.locator("#figures div", { hasText: "spreads in all" }).locator("dd");
    const count = async () => Number((await all.textContent()).replaceAll(",", ""));
    const first = await count();
    await soon("more spreads", async () => (await count()) > first);
    const rate = page.locator("#figures div", { hasText: "spreads a second" }).locator("dd");
    await soon("a rate", async () => Number(await rate.textContent()) > 0);
    await soon("latency over time", () => drawn(page, "#heat"));
    for (const id of ["rate", "latency", "pool", "tuner"]) {
      assert.ok(await drawn(page, `#${id} canvas`), id);
    }
    const info = await (await fetch(`${service.origin}/v1/graph/info`)).json();
    const said = `${info.nodes.toLocaleString("en")} nodes, ${info.edges.toLocaleString("en")} edges`;
    await soon("the size of the graph", async () => (await text(page, "graph-facts")) === said);
    const batch = page.locator("#tuner .u-series", { hasText: "batch size" }).locator(".u-value");
    const metrics = await (await fetch(`${service.origin}/metrics`)).text();
    const [, knob] = /emanate_tuner_setting\{knob="batch_size"\} (\S+)/.exec(metrics);
    await page.locator("#tuner .u-over").hover({ position: { x: 5, y: 60 } });
    await page.locator("#tuner .u-over").hover({ position: { x: 200, y: 60 } });
    await soon("the batch size", async () => {
      return Number((await batch.textContent()).replaceAll(",", "")) === Number(knob);
    });
  });

  on("a breaker that is forced open is shown, and told as an event", {}, async (page) => {
    await live(page);
    await page.locator("#breakers li").first().waitFor();
    const names = await page.locator("#breakers li").allTextContents();
    const name = names[0].split(":")[0];
    assert.ok(
      names.every((said) => said.endsWith(": closed")),
      names.join("; "),
    );
    const breaker = page.locator("#breakers li").first();
    try {
      await service.post(`/v1/breakers/${name}`, { act: "force_open" });
      await soon(
        "a breaker held open",
        async () => (await breaker.getAttribute("data-is")) === "bad",
      );
      await page
        .locator("#events li", { hasText: `breaker breaker ${name}` })
        .first()
        .waitFor();
    } finally {
      await service.post(`/v1/breakers/${name}`, { act: "reset" });
    }
    await soon("a closed breaker", async () => (await breaker.getAttribute("data-is")) === "good");
  });

  on("the explorer shows what the service answers", {}, async (page) => {
    await page.locator("#label").pressSequentially("spring");
    const nodes = await fetch(`${service.origin}/v1/nodes?prefix=spring&limit=12`);
    const { labels } = await nodes.json();
    assert.ok(labels.length > 3);
    const options = () =>
      page.locator("#labels option").evaluateAll((all) => all.map((one) => one.value));
    await soon("labels to choose", async () => (await options()).join() === labels.join());

    const check = async (answer, query) => {
      const whole = { seeds: [["spring", 1]], rule: "linear", top: 40, explain: true, ...query };
      const expected = await service.post("/v1/spread", whole);
      assert.deepEqual(lasting(answer), lasting(expected));
      const rows = await page
        .locator("#ranked tr")
        .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
      const shown = expected.activations.map(({ node, activation, hop }) => [
        node,
        short(activation),
        `${hop}`,
      ]);
      assert.deepEqual(rows, shown);
      const groups = page.locator("#picture g");
      const drawn = await groups.evaluateAll((all) => all.map((group) => group.dataset.name));
      const named = new Set(
        expected.activations.flatMap(({ node, path }) => [node, ...(path ?? [])]),
      );
      assert.deepEqual(new Set(drawn), named);
    };
    await check(await answered(page, () => page.click("#go")), {
      hops: 2,
      decay: 0.85,
      threshold: 0.001,
    });
    await check(await answered(page, () => page.fill("#hops", "3")), {
      hops: 3,
      decay: 0.85,
      threshold: 0.001,
    });
    await check(await answered(page, () => page.fill("#decay", "0.5")), {
      hops: 3,
      decay: 0.5,
      threshold: 0.001,
    });
    await check(await answered(page, () => page.fill("#threshold", "-1.5")), {
      hops: 3,
      decay: 0.5,
      threshold: 0.03162,
    });
    assert.equal(await text(page, "threshold-value"), "0.03162");
  });

  on("a spread lights up hop by hop", {}, async (page) => {
    await ask(page, "dog");
    const seen = await page.evaluate(async () => {
      const at = (id) => document.getElementById(id);
      const seen = [];
      at("replay").click();
      for (let look = 0; look < 400; look += 1) {
        const hop = Number(at("hop-state").textContent.split(" ")[1]);
        const parts = [...at("picture").querySelectorAll("[data-hop]")];
        const right = parts.every(
          (part) => part.classList.contains("lit") === part.dataset.hop <= hop,
        );
        if (seen.at(-1)?.hop !== hop) seen.push({ hop, right });
        if (hop === 2) break;
        await new Promise((wake) => setTimeout(wake, 20));
      }
      return seen;
    });
    assert.deepEqual(
      seen,
      [0, 1, 2].map((hop) => ({ hop, right: true })),
    );
  });

  on("without motion, it is lit at once", { reducedMotion: "reduce" }, async (page) => {
    await ask(page, "dog");
    const said = await page.evaluate(() => {
      document.getElementById("replay").click();
      return document.getElementById("hop-state").textContent;
    });
    assert.equal(said, "hop 2 of 2");
    const dark = page.locator("#picture [data-hop]:not(.lit)");
    assert.equal(await dark.count(), 0);
  });

  on("the path behind an answer", {}, async (page) => {
    const answer = await ask(page, "dog");
    const at = answer.activations.findIndex(({ hop }) => hop === 2);
    const { path } = answer.activations[at];
    assert.equal(path.length, 3);
    await page.locator("#ranked button").nth(at).click();
    assert.equal(await text(page, "path"), path.join(" → "));
    const chosen = page.locator("#picture g.chosen");
    const names = await chosen.evaluateAll((all) => all.map((group) => group.dataset.name));
    assert.deepEqual(new Set(names), new Set(path));
    assert.equal(await page.locator("#picture line.chosen").count(), 2);
    await page.locator("#ranked button").first().click();
    assert.equal(await text(page, "path"), "dog is a seed");
  });

  on(
    "an unknown seed is answered by the service's sentence",
    {
      excused: (said) => said.includes("404"),
    },
    async (page) => {
      await ask(page, "dog");
      await page.fill("#label", "no such label");
      await page.click("#go");
      const problem = await service.post("/v1/spread", { seeds: [["no such label", 1]] });
      await soon("the sentence", async () => (await text(page, "answer-state")) === problem.detail);
      assert.equal(await page.locator("#ranked tr").count(), 0, "the old answer is gone");
      assert.equal(await page.locator("#picture g").count(), 0, "its picture too");
    },
  );

  on("all of it by the keyboard", {}, async (page) => {
    await live(page);
    const focused = () =>
      page.evaluate(() => document.activeElement.id || document.activeElement.className);
    const order = [];
    for (let step = 0; step < 7; step += 1) {
      await page.keyboard.press("Tab");
      order.push(await focused());
    }
    const summary = order.splice(1, 1);
    assert.deepEqual(summary, [""], "the token's summary");
    assert.deepEqual(order, ["skip", "label", "hops", "decay", "threshold", "go"]);
    await page.focus("#label");
    await page.keyboard.type("dog");
    await answered(page, () => page.keyboard.press("Enter"));
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "hops");
    const farther = await answered(page, () => page.keyboard.press("ArrowRight"));
    assert.equal(await text(page, "hops-value"), "3");
    assert.equal(farther.stats.hops, 3);
    await page.keyboard.press("Tab");
    await answered(page, () => page.keyboard.press("ArrowLeft"));
    assert.equal(await text(page, "decay-value"), "0.8");
    await page.keyboard.press("Tab");
    await answered(page, () => page.keyboard.press("ArrowRight"));
    assert.equal(await text(page, "threshold-value"), "0.001778");
    for (const id of ["go", "replay"]) {
      await page.keyboard.press("Tab");
      assert.equal(await focused(), id);
    }
    let tabs = 0;
    while ((await page.evaluate(() => !document.activeElement.closest("#ranked"))) && tabs < 3) {
      await page.keyboard.press("Tab");
      tabs += 1;
    }
    await page.keyboard.press("Enter");
    assert.equal(await text(page, "path"), "dog is a seed");
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement).outlineStyle,
    );
    assert.equal(outline, "solid", "where the focus is can be seen");
  });

  for (const colorScheme of ["light", "dark"]) {
    on(
      `all text can be read: ${colorScheme}`,
      { colorScheme, reducedMotion: "reduce" },
      async (page) => {
        await live(page);
        await ask(page, "dog");
        await page.locator("#ranked button").nth(3).click();
        await page.locator("#breakers li").first().waitFor();
        await page.locator("#access summary").click();
        assert.deepEqual(await tooFaint(page), []);
      },
    );
  }

  on(
    "the colours follow the system's while the page is open",
    { colorScheme: "light" },
    async (page) => {
      await live(page);
      const marker = page.locator("#rate .u-marker").nth(1);
      const colour = () => marker.evaluate((one) => getComputedStyle(one).borderColor);
      const light = await colour();
      await page.emulateMedia({ colorScheme: "dark" });
      await soon("other colours", async () => (await colour()) !== light);
      assert.deepEqual(await tooFaint(page), []);
    },
  );

  for (const width of [375, 320, 768]) {
    on(
      `nothing reaches beyond ${width} pixels`,
      { viewport: { width, height: 700 } },
      async (page) => {
        await live(page);
        await ask(page, "dog");
        await page.locator("#ranked button").nth(3).click();
        await page.locator("#access summary").click();
        assert.equal(await overflow(page), 0);
      },
    );
  }
});

describe("on labels that mean harm", () => {
  const LONG = "L".repeat(10_000);
  const HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "\"><svg onload='alert(1)'>",
    "' \" ` & &amp; {{1+1}} ${1}",
    "שלום עולם",
    "\u202eright to left\u202e",
    "__proto__",
    "constructor",
    "👩‍👩‍👧‍👦".repeat(30),
    "http://elsewhere.example/",
    LONG,
  ];
  let service;
  let graph;
  before(async () => {
    const edges = HOSTILE.flatMap((label, at) => [
      ["seed", label, 0.9 - at / 100],
      [label, `after ${at}`, 0.9],
    ]);
    graph = await edgeList(edges);
    service = await Service.start({ graph: graph.file });
  });
  after(async () => {
    await service?.stop();
    await graph?.remove();
  });

  for (const width of [1280, 375]) {
    it(`they are text and nothing else, ${width} pixels wide`, async () => {
      const look = { viewport: { width, height: 800 } };
      const { page, context, faults } = await visit(chromium, service, look);
      const built = await page.locator("script, img, svg, iframe").count();
      const { activations } = await ask(page, "seed");
      assert.equal(activations.length, 2 * HOSTILE.length + 1);
      const buttons = await page.locator("#ranked button").allTextContents();
      const shown = activations.map(({ node }) => node);
      for (const [at, label] of shown.entries()) {
        const said = buttons[at].replace(/…$/, "");
        assert.ok(label.startsWith(said) && (said === label || said.length > 100), said);
        await page.locator("#ranked button").nth(at).click();
      }
      for (const label of HOSTILE) {
        const answer = await ask(page, label);
        assert.equal(answer.activations[0].node, label);
        await page.locator("#ranked button").first().click();
        assert.equal(await overflow(page), 0, label.slice(0, 40));
      }
      await page.fill("#label", "<");
      await soon(
        "it as a choice",
        async () => (await page.locator("#labels option").count()) === 2,
      );
      assert.equal(await page.locator("script, img, svg, iframe").count(), built);
      const tall = await page
        .locator("#ranked")
        .evaluate((rows) => Math.max(...[...rows.rows].map((row) => row.offsetHeight)));
      assert.ok(tall < 300, `a row of ${tall} pixels`);
      assert.deepEqual(await faults(), []);
      await context.close();
    });
  }
});

describe("with several graphs", () => {
  let pets;
  let tools;
  before(async () => {
    pets = await edgeList([
      ["dog", "cat", 0.5],
      ["dog", "bone", 0.4],
    ]);
    tools = await edgeList([
      ["hammer", "nail", 0.5],
      ["dog", "saw horse", 0.25],
      ["saw horse", "saw", 0.5],
    ]);
  });
  after(async () => {
    await pets?.remove();
    await tools?.remove();
  });

  /** Does `test` on a page of a service of these graphs, which must do nothing wrong meanwhile. */
  const on = async (graphs, look, test) => {
    const service = await Service.start(graphs);
    try {
      const { page, context, faults } = await visit(chromium, service, look);
      await live(page);
      await test(page, service);
      assert.deepEqual(await faults(), []);
      await context.close();
    } finally {
      await service.stop();
    }
  };
  const facts = (page, said) =>
    soon(said, async () => (await text(page, "graph-facts")) === said);
  const reached = (page) => page.locator("#ranked button").allTextContents();

  it("each can be chosen, and is what is asked from then on", async () => {
    const graphs = { graph: pets.file, more: ["--set", `graphs.tools=${tools.file}`] };
    await on(graphs, {}, async (page, service) => {
      await facts(page, "3 nodes, 2 edges");
      const names = await page.locator("#graph option").allTextContents();
      assert.deepEqual(names, ["default", "tools"]);
      assert.equal(await page.inputValue("#graph"), "default");
      await ask(page, "dog");
      assert.deepEqual(await reached(page), ["dog", "cat", "bone"]);
      // Another choice asks the same of the other graph.
      const asks = page.waitForResponse("**/v1/graphs/tools/spread");
      await page.selectOption("#graph", "tools");
      const answer = await (await asks).json();
      await soon("its answer", async () => (await reached(page)).includes("saw horse"));
      const query = { seeds: [["dog", 1]], hops: 2, decay: 0.85, threshold: 0.001, top: 40 };
      const whole = { ...query, rule: "linear", explain: true };
      const expected = await service.post("/v1/graphs/tools/spread", whole);
      assert.deepEqual(lasting(answer), lasting(expected));
      await facts(page, "5 nodes, 3 edges");
      // Labels are of the chosen graph.
      await page.fill("#label", "");
      await page.locator("#label").pressSequentially("sa");
      const options = () =>
        page.locator("#labels option").evaluateAll((all) => all.map((one) => one.value));
      await soon("its labels", async () => (await options()).join() === "saw,saw horse");
      // What the other one does not know is told, and the old answer is gone.
      await page.fill("#label", "hammer");
      const found = page.waitForResponse("**/v1/graphs/tools/spread");
      await page.click("#go");
      await found;
      await soon("it", async () => (await reached(page)).includes("nail"));
    });
  });

  it("an unknown seed of another graph leaves no old answer", async () => {
    const graphs = { graph: pets.file, more: ["--set", `graphs.tools=${tools.file}`] };
    const excused = (said) => said.includes("404");
    await on(graphs, { excused }, async (page) => {
      await facts(page, "3 nodes, 2 edges");
      await ask(page, "cat");
      await page.focus("#graph");
      await page.keyboard.press("ArrowDown");
      assert.equal(await page.inputValue("#graph"), "tools");
      await soon("the sentence", async () => /no node/.test(await text(page, "answer-state")));
      assert.deepEqual(await reached(page), []);
      assert.equal(await page.locator("#picture g").count(), 0);
    });
  });

  it("a service without a default graph shows the first it has", async () => {
    const more = ["--set", `graphs.tools=${tools.file}`, "--set", `graphs.animals=${pets.file}`];
    const look = { viewport: { width: 320, height: 700 } };
    await on({ more }, look, async (page) => {
      await facts(page, "3 nodes, 2 edges");
      assert.equal(await page.inputValue("#graph"), "animals");
      await page.fill("#label", "dog");
      await page.click("#go");
      await soon("its answer", async () => (await reached(page)).includes("bone"));
      assert.equal(await overflow(page), 0);
    });
  });

  it("one graph alone is no choice", async () => {
    await on({ graph: pets.file }, {}, async (page) => {
      await facts(page, "3 nodes, 2 edges");
      assert.equal(await page.locator("#graph-choice").isVisible(), false);
    });
  });
});

describe("when the service goes, or wants to know who asks", () => {
  const TOKEN = "a-token-of-sixteen-letters";
  let graph;
  before(async () => {
    graph = await edgeList([["dog", "cat", 0.5]]);
  });
  after(() => graph?.remove());

  it("says that it is gone, and goes on when it is back", async () => {
    let service = await Service.start({ graph: graph.file });
    try {
      const excused = (said) => said.includes("Failed to load resource") || said.includes("ERR_");
      const { page, context, faults } = await visit(chromium, service, { excused });
      await live(page);
      await ask(page, "dog");
      await service.stop();
      await page.locator("#state[data-is=lost]").waitFor();
      assert.match(await text(page, "state"), /does not answer/);
      await page.click("#go");
      await soon("the explorer too", async () =>
        /does not answer/.test(await text(page, "answer-state")),
      );
      const listens = page.waitForRequest("**/v1/events");
      service = await Service.start({ graph: graph.file, port: service.port });
      await live(page);
      await listens;
      const answer = await ask(page, "dog");
      assert.equal(answer.activations.length, 2);
      const started = page.locator("#events li", { hasText: "state ready" });
      await soon("the event of the new start", async () => (await started.count()) > 0);
      assert.deepEqual(await faults(), []);
      await context.close();
    } finally {
      await service.stop();
    }
  });

  it("takes a token, keeps it for this tab alone, and says when it is wrong", async () => {
    const service = await Service.start({ graph: graph.file, token: TOKEN });
    try {
      const excused = (said) => said.includes("401");
      const { page, context, faults } = await visit(chromium, service, { excused });
      await page.locator("#state[data-is=lost]").waitFor();
      await page.locator("#token").waitFor();
      await page.fill("#token", "a-token-that-is-not-known");
      await page.keyboard.press("Enter");
      await soon("a refusal", async () => /token/i.test(await text(page, "state")));
      await page.locator("#token").waitFor();
      await page.fill("#token", TOKEN);
      await page.keyboard.press("Enter");
      await live(page);
      assert.equal((await ask(page, "dog")).activations.length, 2);
      await page.locator("#events li").first().waitFor();
      await page.reload();
      await live(page);
      assert.ok(!page.url().includes(TOKEN), "the token is in no address");
      assert.equal(await page.evaluate(() => localStorage.length), 0);
      const other = await context.newPage();
      await other.goto(service.origin);
      await other.locator("#state[data-is=lost]").waitFor();
      assert.deepEqual(await faults(), []);
      await context.close();
    } finally {
      await service.stop();
    }
  });
});
