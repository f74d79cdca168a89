// What page.mjs and site.mjs share: a real browser, and what every page must hold.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Only against a hang: how fast the machine is proves nothing.
const patience = 3_600_000;
export const browser = await puppeteer.launch({
  timeout: patience,
  protocolTimeout: patience,
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
});

// open a page, and note whatever it says or asks for.
export async function open(file, { width = 1280, height = 900, dark = false, script = true, hash = "" } = {}) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  page.trouble = [];
  page.on("console", (m) => page.trouble.push(m.text()));
  page.on("pageerror", (e) => page.trouble.push(String(e)));
  page.on("request", (r) => { if (!r.url().startsWith("file:///") || r.url().split("#")[0] !== pathToFileURL(file).href) page.trouble.push("asks for " + r.url()); });
  await page.setViewport({ width, height, isMobile: width < 600, hasTouch: width < 600 });
  await page.setJavaScriptEnabled(script);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }, { name: "prefers-reduced-motion", value: "reduce" }]);
  await page.goto(pathToFileURL(file).href + hash, { waitUntil: "load" });
  return page;
}
export const quiet = (page) => assert.deepEqual(page.trouble, [], "the page complains, or asks for something");

export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`), [], what);
}

export async function fits(page, what) {
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inner <= outer, `${what}: ${inner} pixels on a screen of ${outer}`);
}
