// Reads the HTML report as a person does, in a real browser:
//
//   node page.mjs FOLDER
//
// FOLDER holds pages, *.html. Each is opened on a telephone and on a desk, in
// light and in dark, looked at by axe, clicked through, and printed. Pictures
// and the PDF are left beside them. TestBrowser runs this.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { accessible, browser, fits, open, quiet } from "./reader.mjs";

const folder = resolve(process.argv[2]);
const visible = (page) => page.$$eval(".finding", (all) => all.filter((e) => e.offsetParent !== null).map((e) => ({ id: e.id, open: e.open, ...e.dataset, component: e.parentNode.dataset.component, text: e.textContent })));
const status = (page) => page.$eval("#shown", (e) => e.textContent);

const tests = {
  async "reads on a telephone and on a desk, in light and in dark"(file) {
    for (const [screen, width, height] of [["phone", 320, 780], ["desk", 1280, 900]]) {
      for (const dark of [false, true]) {
        const page = await open(file, { width, height, dark });
        const name = `${screen}-${dark ? "dark" : "light"}`;
        await fits(page, name);
        await page.screenshot({ path: file.replace(/\.html$/, `-${name}.png`), captureBeyondViewport: true, clip: { x: 0, y: 0, width, height: height * 2.5 } });
        if (screen === "desk" || !dark) await accessible(page, name);
        await page.click("#everything");
        await page.click("#open-all");
        await fits(page, name + ", everything open");
        quiet(page);
        await page.close();
      }
    }
  },

  async "filters by state, severity, component and text, and keeps that in the address"(file) {
    const page = await open(file);
    const all = (await page.$$(".finding")).length;
    const first = await visible(page);
    assert.ok(first.every((f) => f.state !== "pass" || first.length === all), "passing findings are shown when asked for");
    await page.click("#everything");
    assert.equal((await visible(page)).length, all);
    assert.equal(await status(page), `All ${all} findings`);
    const want = (await visible(page))[0];

    await page.type("#filter-text", want.id ? want.text.match(/[A-Z]{3}-\d{3}/)[0] : "");
    const id = await page.$eval("#filter-text", (e) => e.value);
    let list = await visible(page);
    assert.ok(list.length > 0 && list.every((f) => f.text.includes(id)), "text");
    assert.equal(await status(page), list.length === all ? `All ${all} findings` : `${list.length} of ${all} findings`);
    await page.select("#filter-component", want.component);
    list = await visible(page);
    assert.ok(list.length > 0 && list.every((f) => f.component === want.component), "component");
    for (const box of await page.$$("input[name=severity]")) if ((await box.evaluate((e) => e.value)) !== want.severity) await box.click();
    list = await visible(page);
    assert.ok(list.length > 0 && list.every((f) => f.severity === want.severity), "severity");
    const hash = await page.evaluate(() => location.hash);
    assert.match(hash, /component=/);

    const again = await open(file, { hash });
    assert.deepEqual((await visible(again)).map((f) => f.id), list.map((f) => f.id), "a link shows the same again");
    await again.click("#reset");
    assert.equal(await again.evaluate(() => location.hash), "");
    assert.deepEqual((await visible(again)).map((f) => f.id), first.map((f) => f.id), "reset");

    await page.evaluate(() => { document.querySelector("#filter-text").value = "nothing has this"; document.querySelector("#filters").dispatchEvent(new Event("input")); });
    assert.equal(await status(page), `0 of ${all} findings`);
    quiet(page);
    quiet(again);
    await page.close();
    await again.close();
  },

  async "counters and links lead to what they say"(file) {
    const page = await open(file);
    for (const link of await page.$$(".stats a")) {
      const [count, label] = await link.evaluate((a) => [Number(a.querySelector("b").textContent), a.textContent.replace(/^\d+\s*/, "").trim()]);
      await link.click();
      await page.waitForFunction((n) => document.querySelectorAll(".finding:not([hidden])").length === n, {}, count).catch(() => assert.fail(`${label}: ${count} expected`));
    }
    for (const link of (await page.$$(".framework .refs a")).slice(0, 3)) {
      await link.evaluate((a) => { a.closest("details").open = true; a.click(); });
      const id = await link.evaluate((a) => a.getAttribute("href").slice(1));
      await page.waitForFunction((id) => { const e = document.getElementById(id); return e.open && !e.hidden && e.contains(document.activeElement); }, {}, id);
    }
    const target = (await visible(page)).at(-1);
    if (target) {
      const direct = await open(file, { hash: "#" + target.id });
      assert.ok((await visible(direct)).find((f) => f.id === target.id).open, "a link opens its finding");
      quiet(direct);
      await direct.close();
    }
    quiet(page);
    await page.close();
  },

  async "shows the controls with the answers that are chosen"(file) {
    for (const width of [360, 1280]) {
      const page = await open(file, { width });
      const seen = (framework) => framework.$$eval("tr[data-answer]", (all) => all.filter((e) => e.offsetParent !== null).map((e) => e.dataset.answer));
      for (const framework of await page.$$(".framework")) {
        const every = await seen(framework);
        for (const button of await framework.$$(".tally button")) {
          const answer = await button.evaluate((b) => b.parentNode.dataset.answer);
          await button.focus();
          await page.keyboard.press("Space");
          assert.deepEqual(await seen(framework), every.filter((a) => a === answer), answer);
          assert.equal(await button.evaluate((b) => b.getAttribute("aria-pressed")), "true");
          await accessible(page, "with " + answer);
          await page.keyboard.press("Space");
        }
        assert.deepEqual(await seen(framework), every, "none chosen is all of them");
      }
      await fits(page, "controls");
      quiet(page);
      await page.close();
    }
  },

  async "is used with a keyboard alone"(file) {
    const page = await open(file);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.focus("#filter-text");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "filter-component");
    const summary = await page.$(".finding:not([hidden]) > summary");
    if (summary) {
      await summary.focus();
      const before = await summary.evaluate((s) => s.parentNode.open);
      await page.keyboard.press("Enter");
      assert.equal(await summary.evaluate((s) => s.parentNode.open), !before);
      const ring = await summary.evaluate((s) => getComputedStyle(s).outlineStyle);
      assert.equal(ring, "solid", "what has the focus is seen");
    }
    await page.close();
  },

  async "is whole without a script"(file) {
    const page = await open(file, { script: false });
    const [all, shown, form] = [(await page.$$(".finding")).length, (await page.$$(".finding[open]:not([hidden])")).length, await page.$("#filters[hidden]")];
    assert.equal(shown, all);
    assert.ok(form, "there are no controls that do nothing");
    await page.close();
  },

  async "prints, all of it open and no controls"(file) {
    const page = await open(file, { dark: true });
    await page.click("#everything");
    const path = file.replace(/\.html$/, ".pdf");
    await page.pdf({ path, format: "A4", printBackground: true });
    const text = execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8", maxBuffer: 1 << 28 });
    assert.ok(statSync(path).size > 10000 && text.length > 1000, "an empty PDF");
    const said = text.replace(/\s+/g, "");
    const values = await page.$$eval(".finding .name, .finding > p:not(.link)", (all) => all.map((e) => e.textContent.replace(/\s+/g, "")));
    assert.ok(values.length > 0 && values.every((v) => said.includes(v.slice(0, 30))), "a finding is not printed: " + values.find((v) => !said.includes(v.slice(0, 30))));
    assert.ok(!text.includes("Show everything"), "controls are printed");
    assert.ok(!(await page.$$eval("details", (all) => all.every((d) => d.open))) || (await page.$$(".finding")).length < 3, "what was folded is folded again");
    await page.emulateMediaType("print");
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.screenshot({ path: file.replace(/\.html$/, "-print.png"), clip: { x: 0, y: 0, width: 800, height: 1600 } });
    await page.close();
  },
};

// What holds for a page of thousands of findings; the other tests would take
// minutes there.
const huge = {
  async "lays out what is in sight alone, and links lead where they say"(file) {
    for (const width of [320, 1280]) {
      const page = await open(file, { width });
      const [all, laid] = await page.$$eval(".finding", (all) => [all.length, all.filter((e) => e.checkVisibility({ contentVisibilityAuto: true })).length]);
      assert.ok(all > 10000 && laid < all / 2, `${laid} of ${all} findings are laid out`);
      await fits(page, "thousands");
      for (const id of ["image", "findings", "waivers"]) {
        await page.evaluate((id) => document.querySelector(`nav a[href="#${id}"]`).click(), id);
        await page.waitForFunction((id) => {
          const top = document.getElementById(id).getBoundingClientRect().top;
          return Math.abs(top) < 5 || (top > 0 && top < innerHeight && scrollY + innerHeight > document.documentElement.scrollHeight - 5);
        }, {}, id).catch(() => assert.fail(`${id} is not in sight`));
      }
      const id = await page.$$eval(".finding", (all) => all[all.length - 3].id);
      await page.evaluate((id) => { location.hash = id; }, id);
      await page.waitForFunction((id) => {
        const e = document.getElementById(id), at = e.querySelector("summary").getBoundingClientRect();
        return e.open && at.top > -5 && at.bottom < innerHeight && e.contains(document.activeElement);
      }, {}, id).catch(() => assert.fail("a finding far down is not in sight"));
      quiet(page);
      await page.close();
    }
  },
};

let failed = 0, passed = 0;
for (const name of readdirSync(folder).filter((n) => n.endsWith(".html")).sort()) {
  for (const [what, test] of Object.entries(name === "many.html" ? huge : tests)) {
    try {
      await test(join(folder, name));
      passed++;
      console.log(`ok    ${basename(name)} ${what}`);
    } catch (e) {
      failed++;
      console.log(`FAIL  ${basename(name)} ${what}\n${e.stack}`);
    }
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
