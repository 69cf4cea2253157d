import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import { init, readKey, verify } from "../index.js";
import { fromHex, run } from "./vectors.js";

const load = async (path) => JSON.parse(gunzipSync(await readFile(path)));
const golden = (name) => readFile(new URL(`../../testdata/${name}`, import.meta.url));
const vectors = await load(new URL("../../vectors/vectors.json.gz", import.meta.url));
const key = await golden("groth16.key");
const proof = await golden("groth16.json");

test("every vector gets its verdict", async () => {
  const { cases, failures } = await run(verify, vectors);
  assert.deepEqual(failures, []);
  assert.ok(cases >= 500);
});

test("random mutations get Go's verdicts", { skip: !process.env.NNARK_MUTATIONS && "NNARK_MUTATIONS names no file" }, async () => {
  const { failures } = await run(verify, await load(process.env.NNARK_MUTATIONS));
  assert.deepEqual(failures, []);
});

test("an accepted proof shows its statement", async () => {
  for (const form of [proof, proof.toString(), JSON.parse(proof), new Uint8Array(proof).buffer]) {
    const got = await verify(new Uint8Array(key), form, { expectInts: [7, 0, 255] });
    assert.equal(got.accepted, true);
    assert.equal(got.verdict, "accepted");
    assert.equal(got.reason, undefined);
    assert.equal(got.statement.context, 0n);
    assert.deepEqual(got.statement.inputs[0].ints, [7, 0, 255]);
    assert.deepEqual(got.statement.outputs[0].ints, [14, -255]);
    assert.deepEqual(got.statement.outputs[0].values, [0.0546875, -0.99609375]);
    assert.match(got.digest, /^[0-9a-f]{64}$/);
  }
});

test("a rejected proof shows no statement", async () => {
  const got = await verify(key, proof, { context: 1 });
  assert.equal(got.accepted, false);
  assert.deepEqual([got.verdict, got.kind, got.statement], ["rejected", "context", undefined]);
  assert.match(got.reason, /context/);
});

test("a key of another digest is not looked at", async () => {
  const { digest } = await readKey(key);
  for (const expectKey of [digest, `0x${digest.toUpperCase()}`, fromHex(digest)]) {
    assert.equal((await verify(key, proof, { expectKey })).accepted, true);
  }
  for (const other of [key.subarray(1), new Uint8Array(3)]) {
    const got = await verify(other, proof, { expectKey: digest });
    assert.deepEqual([got.accepted, got.verdict, got.kind, got.card], [false, "rejected", "key", undefined]);
  }
  for (const expectKey of ["", "0x", digest.slice(1), `${digest}0`, new Uint8Array(31), 0, null, undefined]) {
    await assert.rejects(verify(key, proof, { expectKey }), TypeError);
  }
});

test("openings are of digests", async () => {
  const opening = { input: 0, ints: [7, 0, 255], salt: 1 };
  const got = await verify(key, proof, { openings: [opening] }); // the golden input is public
  assert.deepEqual([got.verdict, got.kind], ["rejected", "opening"]);
  for (const bad of [{}, [null], [{ ...opening, output: 0 }], [{ ...opening, input: -1 }], [{ ...opening, input: 0.5 }],
    [{ ...opening, ints: 7 }], [{ ...opening, extra: 1 }], [{ ...opening, ints: [0.5] }]]) {
    await assert.rejects(verify(key, proof, { openings: bad }), (error) => /^nnark: /.test(error.message) || error instanceof TypeError, JSON.stringify(bad));
  }
  for (const salt of [-1, 1n << 256n, "7", new Uint8Array(31), undefined]) {
    await assert.rejects(verify(key, proof, { openings: [{ ...opening, salt }] }), RangeError);
  }
});

test("keys describe themselves", async () => {
  const { digest, card } = await readKey(key);
  assert.equal(digest, JSON.parse(proof).key);
  assert.equal(card.system, "groth16");
  assert.equal(card.inputs[0].mode, "public");
  await assert.rejects(readKey(key.subarray(1)), /malformed/);
});

test("expected inputs in every form", async () => {
  const { inputs } = (await verify(key, proof)).statement;
  const { ints, values } = inputs[0];
  for (const options of [
    { expectInts: ints }, { expectInts: [ints] }, { expectInts: ints.map(BigInt) }, { expectInts: Int32Array.from(ints) },
    { expectInts: BigInt64Array.from(ints.map(BigInt)) }, { expectInts: [null] },
    { expectInput: values }, { expectInput: [values] }, { expectInput: Float32Array.from(values) }, { expectInput: undefined },
    { context: 0 }, { context: 0n }, { context: new Uint8Array(32) }, { anyContext: true }, { refuseUnsafe: false },
  ]) {
    assert.equal((await verify(key, proof, options)).accepted, true, Object.keys(options)[0]);
  }
  for (const options of [
    { expectInts: [] }, { expectInts: [ints, ints] }, { expectInts: [7, 0] }, { expectInts: [7, 0, 2n ** 63n - 1n] },
    { expectInput: [values[0], values[1], 1e300] },
  ]) {
    assert.equal((await verify(key, proof, options)).kind, "input");
  }
});

test("mistakes in the call throw", async () => {
  for (const options of [
    { expectinput: [1] }, { expectInput: [NaN] }, { expectInput: [Infinity] }, { expectInput: ["1"] }, { expectInput: 1 },
    { expectInts: [1.5] }, { expectInts: [2 ** 53] }, { expectInts: [2n ** 63n] }, { expectInts: null },
    { context: -1 }, { context: 1.5 }, { context: "1" }, { context: 2n ** 256n }, { context: 2n ** 256n - 1n },
    { context: new Uint8Array(31) }, { anyContext: 1 }, { refuseUnsafe: "no" },
  ]) {
    await assert.rejects(verify(key, proof, options), (e) => e instanceof TypeError || e instanceof RangeError, Object.keys(options)[0]);
  }
  for (const args of [[], [key], ["key", proof], [key, 5], [key, null], [Array.from(key), proof]]) {
    await assert.rejects(verify(...args), TypeError);
  }
});

test("one program serves many callers", async () => {
  await init();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => verify(key, proof, { context: i % 2 })));
  assert.deepEqual(answers.map((a) => a.accepted), answers.map((_, i) => i % 2 === 0));
});

test("powers of two are exact", () => {
  for (let exp = 1, half = 1; exp <= 256; exp++) {
    half /= 2;
    assert.equal(2 ** -exp, half);
    assert.equal(2 ** exp, 1 / half);
  }
});

test("hexadecimal", () => assert.deepEqual(fromHex("00ff10"), Uint8Array.of(0, 255, 16)));
