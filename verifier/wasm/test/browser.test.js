import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import { chromium } from "playwright-core";

import { serve } from "./serve.js";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const output = path("output/");
let server, browser, base;

before(async () => {
  const vectors = gunzipSync(await readFile(new URL("../../vectors/vectors.json.gz", import.meta.url)));
  server = await serve(0, { "/vectors.json": vectors, "/blank.html": '<!doctype html><link rel="icon" href="data:,">' });
  base = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  await mkdir(output, { recursive: true });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** Opens a page; what goes wrong in it fails the test. */
async function open(t, address) {
  const page = await browser.newPage({ viewport: { width: 820, height: 1180 } });
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(base + address);
  t.after(async () => {
    await page.close();
    assert.deepEqual(errors, []);
  });
  return page;
}

test("every vector gets its verdict in a browser", async (t) => {
  const page = await open(t, "/blank.html");
  const { cases, failures } = await page.evaluate(async () => {
    const [{ verify }, { run }, response] = await Promise.all([import("/index.js"), import("/test/vectors.js"), fetch("/vectors.json")]);
    return run(verify, await response.json());
  });
  assert.deepEqual(failures, []);
  assert.ok(cases >= 500);
});

test("the demo shows an accepted proof", async (t) => {
  const page = await open(t, "/demo/");
  await page.click("#sample");
  await page.waitForSelector("#result.accepted");
  assert.equal(await page.textContent("#verdict"), "Accepted");
  assert.equal(await page.textContent("#answer"), "3");
  assert.match(await page.textContent("#card-rows"), /LeNet-5/);
  assert.equal(await page.isVisible("#unsafe"), true);
  assert.deepEqual(await page.$eval("canvas", (c) => [c.width, c.height]), [28, 28]);
  const ink = await page.$eval("canvas", (c) => c.getContext("2d").getImageData(0, 0, 28, 28).data.filter((x, i) => i % 4 === 0 && x > 128).length);
  assert.ok(ink > 40 && ink < 300, `${ink} bright pixels`);
  // One party made the sample's key: never plain green.
  assert.equal(await page.getAttribute("#result", "class"), "accepted doubtful");
  assert.match(await page.textContent("#caveats"), /One party.*not compared/);
  assert.match(await page.textContent("#reason"), /context 0/);
  await page.screenshot({ path: `${output}accepted.png`, fullPage: true });
});

test("the demo shows why a proof is not accepted", async (t) => {
  const page = await open(t, "/demo/");
  await page.click("#sample");
  await page.waitForSelector("#result.accepted");
  await page.fill("#context", "7");
  await page.waitForSelector("#result:not(.accepted):not([hidden])");
  assert.equal(await page.textContent("#verdict"), "Rejected");
  assert.match(await page.textContent("#reason"), /context/);
  assert.equal(await page.isVisible("#statement"), false);
  await page.screenshot({ path: `${output}rejected.png`, fullPage: true });
  await page.fill("#context", "seven");
  await page.waitForFunction(() => document.getElementById("verdict").textContent === "Could not check");
});

test("the demo compares the key with an expected digest", async (t) => {
  const page = await open(t, "/demo/");
  await page.fill("#expected-key", "00".repeat(32));
  await page.click("#sample");
  await page.waitForSelector("#result:not(.accepted):not([hidden])");
  assert.match(await page.textContent("#reason"), /other verifying key/);
  assert.equal(await page.isVisible("#statement"), false);
  await page.fill("#expected-key", "");
  await page.waitForSelector("#result.accepted");
  const digest = await page.textContent("#card-rows code");
  await page.fill("#expected-key", digest.slice(1));
  await page.waitForFunction(() => document.getElementById("verdict").textContent === "Could not check");
  await page.fill("#expected-key", digest.toUpperCase());
  await page.waitForSelector("#result.accepted");
  assert.doesNotMatch(await page.textContent("#caveats"), /not compared/);
});

test("files are taken by drop and by choice, in any order", async (t) => {
  const page = await open(t, "/demo/");
  await page.setInputFiles("#chooser", path("../../testdata/plonk.json"));
  assert.equal(await page.isVisible("#result"), false);
  const key = (await readFile(path("../../testdata/plonk.key"))).toString("base64");
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "plonk.key"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
  }, key);
  await page.waitForSelector("#result.accepted");
  assert.equal(await page.textContent("#key-name"), "plonk.key");
  await page.setInputFiles("#chooser", path("../../testdata/groth16.json"));
  await page.waitForSelector("#result:not(.accepted):not([hidden])");
  assert.equal(await page.textContent("#verdict"), "Wrong model");
  await page.setInputFiles("#chooser", path("../package.json"));
  await page.waitForFunction(() => document.getElementById("verdict").textContent === "Malformed");
});

test("a key's names are text, not markup", async (t) => {
  const page = await open(t, "/demo/");
  const key = await readFile(path("../../testdata/plonk.key"));
  const name = "<img src=x onerror=alert(1)>";
  const at = "nnark-vk-2".length + 3 + 32; // of the name, after 16 bits of length
  const buffer = Buffer.concat([key.subarray(0, at), Buffer.from([0, name.length]), Buffer.from(name), key.subarray(at + 2 + key.readUInt16BE(at))]);
  await page.setInputFiles("#chooser", { name, mimeType: "", buffer });
  await page.waitForSelector("#card:not([hidden])");
  assert.match(await page.textContent("#card-rows"), /<img src=x/);
  assert.equal(await page.$$eval("img", (images) => images.length), 0);
});
