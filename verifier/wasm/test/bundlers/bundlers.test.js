// Installs the package as npm packs it and has bundlers of the day bundle applications that import
// it; the bundles run in Chromium, without one they are built only.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const package_ = join(here, "../..");
const executablePath = process.env.CHROMIUM;
let browser, work;

before(async () => {
  work = await mkdtemp(join(here, "work-")); // below node_modules, for resolution
  await run("npm", ["pack", "--pack-destination", work], { cwd: package_ });
  const tarball = (await readdir(work)).find((name) => name.endsWith(".tgz"));
  const home = join(here, "node_modules/@nnark/verifier");
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", join(work, tarball), "-C", home, "--strip-components=1"]);
  if (executablePath) {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  }
});

after(async () => {
  await browser?.close();
  await rm(work, { recursive: true, force: true });
});

const expected = "accepted, rejected: context";
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const page = (script) => `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

/** Opens an address and returns what the application says. */
async function said(address, before = async () => {}) {
  const tab = await browser.newPage();
  await before(tab);
  await tab.goto(address);
  await tab.waitForFunction(() => document.title !== "", undefined, { timeout: 60_000 });
  const title = await tab.title();
  await tab.close();
  return title;
}

/** Serves a folder, with the sample, and returns what its page says. */
async function runs(t, folder, script, wasmType = "application/wasm") {
  if (browser === undefined) {
    t.diagnostic("built only: no chromium");
    return;
  }
  await writeFile(join(folder, "index.html"), page(script));
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = pathname === "/" ? "/index.html" : pathname;
    try {
      const data = await readFile(join(folder, path)).catch(() => readFile(join(package_, "demo/sample", path)));
      const type = extname(path) === ".wasm" ? wasmType : types[extname(path)];
      response.writeHead(200, { "content-type": type ?? "application/octet-stream" }).end(data);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    assert.equal(await said(`http://127.0.0.1:${server.address().port}/`), expected);
  } finally {
    server.close();
  }
}

const folder = async (name) => {
  const path = join(work, name);
  await mkdir(path, { recursive: true });
  return path;
};
const app = (name) => join(here, "app", name);
const program = join(package_, "nnark.wasm");

async function webpack(config) {
  const { default: build } = await import("webpack");
  const stats = await promisify(build)({ mode: "production", context: here, performance: false, experiments: { topLevelAwait: true, outputModule: true }, ...config });
  assert.ok(!stats.hasErrors(), stats.toString("errors-only"));
  assert.ok(!stats.hasWarnings(), stats.toString("errors-warnings"));
}

test("webpack 5", async (t) => {
  for (const entry of ["main.js", "inline.js"]) {
    const path = await folder(`webpack-${entry}`);
    await webpack({ entry: app(entry), output: { path, filename: "bundle.js", module: true, chunkFormat: "module" }, target: "web" });
    await runs(t, path, "/bundle.js");
  }
});

test("webpack 5, a worker", async (t) => {
  const path = await folder("webpack-worker");
  await webpack({ entry: app("page.js"), output: { path, filename: "bundle.js" }, target: "web", experiments: { topLevelAwait: true } });
  await runs(t, path, "/bundle.js");
});

test("webpack 5 for a server, with everything bundled", async () => {
  const path = await folder("webpack-server");
  await webpack({ entry: app("server.js"), output: { path, filename: "bundle.mjs", module: true, chunkFormat: "module", library: { type: "module" } }, target: "node20" });
  const sample = ["verifying.key", "proof.json"].map((name) => join(package_, "demo/sample", name));
  const { stdout } = await run("node", [join(path, "bundle.mjs"), ...sample]);
  assert.equal(stdout, "accepted\n");
});

test("esbuild", async (t) => {
  const { build } = await import("esbuild");
  for (const [entry, platform] of [["main.js", "browser"], ["inline.js", "browser"], ["main.js", "neutral"]]) {
    const path = await folder(`esbuild-${platform}-${entry}`);
    const { warnings } = await build({ entryPoints: [app(entry)], bundle: true, format: "esm", platform, outfile: join(path, "bundle.js"), logLevel: "silent", minify: true });
    assert.deepEqual(warnings, []);
    await cp(program, join(path, "nnark.wasm")); // esbuild leaves addresses alone
    await runs(t, path, "/bundle.js");
    await runs(t, path, "/bundle.js", "application/octet-stream"); // a server that does not know WebAssembly
  }
});

test("rollup", async (t) => {
  const [{ rollup }, { nodeResolve }] = await Promise.all([import("rollup"), import("@rollup/plugin-node-resolve")]);
  for (const entry of ["main.js", "inline.js"]) {
    const path = await folder(`rollup-${entry}`);
    const bundle = await rollup({ input: app(entry), plugins: [nodeResolve({ browser: true })], onwarn: (warning) => assert.fail(warning.message) });
    await bundle.write({ dir: path, format: "es" });
    await cp(program, join(path, "nnark.wasm")); // as it does
    await runs(t, path, `/${entry}`);
  }
});

for (const vite of ["vite6", "vite8"]) {
  test(`${vite}, built`, async (t) => {
    const { build } = await import(vite);
    for (const entry of ["main.js", "inline.js", "page.js"]) {
      const root = await folder(`${vite}-${entry}-source`);
      await cp(join(here, "app"), root, { recursive: true });
      await writeFile(join(root, "index.html"), page(`./${entry}`));
      const outDir = await folder(`${vite}-${entry}`);
      await build({ root, logLevel: "error", configFile: false, build: { outDir, target: "es2022", emptyOutDir: true }, worker: { format: "es" } });
      const [script] = /src="[^"]+"/.exec(await readFile(join(outDir, "index.html"), "utf8"));
      await runs(t, outDir, script.slice(5, -1));
    }
  });

  test(`${vite}, its development server`, { skip: !executablePath && "no chromium" }, async () => {
    const { createServer: start } = await import(vite);
    for (const options of [{}, { optimizeDeps: { exclude: ["@nnark/verifier"] } }]) {
      const root = await folder(`${vite}-dev`);
      await cp(join(here, "app"), root, { recursive: true });
      // A project has its own node_modules, beside which Vite puts what it optimises.
      await mkdir(join(root, "node_modules/@nnark"), { recursive: true });
      await cp(join(here, "node_modules/@nnark/verifier"), join(root, "node_modules/@nnark/verifier"), { recursive: true });
      await writeFile(join(root, "package.json"), '{"dependencies": {"@nnark/verifier": "*"}}');
      await writeFile(join(root, "index.html"), page("/main.js"));
      for (const name of ["verifying.key", "proof.json"]) {
        await mkdir(join(root, "public"), { recursive: true });
        await cp(join(package_, "demo/sample", name), join(root, "public", name));
      }
      const server = await start({ root, logLevel: "error", configFile: false, server: { port: 0, host: "127.0.0.1" }, build: { target: "es2022" }, ...options, optimizeDeps: { ...options.optimizeDeps, esbuildOptions: vite === "vite6" ? { target: "es2022" } : undefined } });
      await server.listen();
      try {
        assert.equal(await said(`http://127.0.0.1:${server.httpServer.address().port}/`), expected, JSON.stringify(options));
      } finally {
        await server.close();
        await rm(root, { recursive: true, force: true });
      }
    }
  });
}
