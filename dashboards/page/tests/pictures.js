// The pictures of `docs/page.md`, of a service under load.

import { mkdir, stat } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PICTURES, Service, WORDNET, browser, load, visit } from "./harness.js";

/** Readings that the charts show. */
const READINGS = 25;
const EVERY_MS = 2000;
/** Largest picture, in bytes. */
const MOST = 150_000;

const PHONE = { width: 375, height: 1000 };
const SHOTS = [
  { name: "light", look: { colorScheme: "light" }, whole: true },
  { name: "dark", look: { colorScheme: "dark" }, whole: true },
  { name: "phone", look: { colorScheme: "light", viewport: PHONE, deviceScaleFactor: 1.5 } },
  { name: "explorer", look: { colorScheme: "dark" }, part: "#explorer" },
];

const chromium = await browser();
const service = await Service.start({ graph: WORDNET });
const rest = load(service);
await mkdir(PICTURES, { recursive: true });

async function shoot({ name, look, whole = false, part }) {
  const { page, context } = await visit(chromium, service, { reducedMotion: "reduce", ...look });
  await page.locator("#state[data-is=live]").waitFor();
  await page.fill("#label", "spring");
  await page.press("#label", "Enter");
  await page.locator("#ranked button").nth(5).waitFor();
  const far = page.locator("#ranked tr", { has: page.locator("td:last-child", { hasText: "2" }) });
  await far.first().locator("button").click();
  await page.waitForTimeout(READINGS * EVERY_MS);
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  const path = join(PICTURES, `${name}.png`);
  const shot = { path, fullPage: whole };
  await (part ? page.locator(part).screenshot({ path }) : page.screenshot(shot));
  await context.close();
  execFileSync("pngquant", ["--force", "--skip-if-larger", "--ext", ".png", "--strip", "64", path]);
  const { size } = await stat(path);
  if (size > MOST) throw new Error(`${path} has ${size} bytes, more than ${MOST}`);
  console.log(`${path} ${size} bytes`);
}

try {
  await Promise.all(SHOTS.map(shoot));
} finally {
  rest();
  await service.stop();
  await chromium.close();
}
