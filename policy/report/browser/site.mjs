// Reads the documentation as a person does, in a real browser:
//
//   node site.mjs FOLDER PICTURES
//
// FOLDER is the site that `make docs` writes. Each page is opened on a telephone and
// on a desk, in light and in dark, looked at by axe, and its links are clicked.
// Pictures of some pages are left in PICTURES. TestBrowser in docs/site runs this.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { accessible, browser, fits, open, quiet } from "./reader.mjs";

const folder = resolve(process.argv[2]), pictures = resolve(process.argv[3]);
const files = readdirSync(folder, { recursive: true }).filter((n) => n.endsWith(".html")).sort();

// Pages of which pictures are left: all of their looks are examined. All pages have
// the same style, so of the others only the extremes are.
const thorough = ["index.html", join("docs", "rules.html")];

async function reads(name) {
  const all = thorough.includes(name);
  for (const [screen, width, height] of [["phone", 320, 780], ["desk", 1280, 900]]) {
    for (const dark of all ? [false, true] : [screen === "desk"]) {
      const page = await open(join(folder, name), { width, height, dark });
      const what = `${name} ${screen} ${dark ? "dark" : "light"}`;
      await fits(page, what);
      if (all || screen === "phone") await accessible(page, what);
      const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
      assert.equal(back[0] < 128, dark, `${what}: the background is ${back}`);
      const size = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("main p, main li")).fontSize));
      assert.ok(size >= 16, `${what}: the text has ${size} pixels`);
      if (all) {
        await page.screenshot({ path: join(pictures, what.replaceAll(sep, "-").replaceAll(" ", "-") + ".png"), clip: { x: 0, y: 0, width, height: height * 2 }, captureBeyondViewport: true });
      }
      quiet(page);
      await page.close();
    }
  }
}

// ids are those of each page, in the browser.
const ids = new Map();

// links follows the links of a page as the browser resolves them.
async function links(name) {
  const page = await open(join(folder, name));
  const all = await page.$$eval("a[href]", (as) => as.map((a) => a.href));
  for (const href of new Set(all)) {
    if (!href.startsWith("file:")) {
      assert.ok(href.startsWith("https://") || href.startsWith("mailto:"), `${name}: ${href}`);
      continue;
    }
    const [where, hash] = href.split("#");
    const file = fileURLToPath(where);
    assert.ok(!relative(folder, file).startsWith("..") && existsSync(file), `${name}: ${href} is not a page of the site`);
    if (hash === undefined) continue;
    if (!ids.has(file)) {
      const other = await open(file);
      ids.set(file, await other.$$eval("[id]", (es) => es.map((e) => e.id)));
      await other.close();
    }
    assert.ok(ids.get(file).includes(decodeURIComponent(hash)), `${name}: ${href} leads to no section`);
  }
  // One click in the list of pages, and one in the list of sections.
  const section = await page.$(".sections a");
  if (section) {
    await section.click();
    const id = await section.evaluate((a) => decodeURIComponent(a.hash.slice(1)));
    assert.ok(await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top < innerHeight, id), `${name}: the section ${id} is not in sight`);
  }
  quiet(page);
  const next = await page.$(".pages a[href]:not([aria-current])");
  const to = await next.evaluate((a) => a.href);
  page.removeAllListeners("request"); // the next page is asked for
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), next.click()]);
  assert.equal(page.url(), to);
  await page.close();
}

let failed = 0, passed = 0;
for (const name of files) {
  for (const test of [reads, links]) {
    try {
      await test(name);
      passed++;
    } catch (e) {
      failed++;
      console.log(`FAIL  ${name} ${test.name}\n${e.stack}`);
    }
  }
}
await browser.close();
console.log(`${files.length} pages, ${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
