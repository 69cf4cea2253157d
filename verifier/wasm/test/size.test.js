import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const limit = 950_000; // 900,000 before there was a third proof system, which takes 47,000

for (const name of ["nnark.wasm", "wasi/nnark-wasi.wasm"]) {
  test(`${name} is at most 0.95 MB when compressed`, async (t) => {
    const data = await readFile(new URL(`../${name}`, import.meta.url));
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    };
    const size = brotliCompressSync(data, { params }).length;
    t.diagnostic(`${name}: ${data.length} bytes, brotli -q 11 ${size}, gzip -9 ${gzipSync(data, { level: 9 }).length}`);
    assert.ok(size <= limit);
  });
}
