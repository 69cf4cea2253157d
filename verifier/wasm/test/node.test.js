import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import { init, packInputs, readKey, verify, verifyBatch } from "../node.js";
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

test("a proof of the flat argument", async () => {
  const key = await golden("flat.key");
  const text = (await golden("flat.json")).toString();
  const got = await verify(key, text, { expectInts: [7, 0, 255] });
  assert.equal(got.accepted, true);
  assert.deepEqual(got.statement.outputs[0].ints, [14, -255]);
  const at = text.lastIndexOf("00", text.length - 200);
  const lie = text.slice(0, at) + "01" + text.slice(at + 2);
  assert.equal((await verify(key, lie)).accepted, false);
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

test("a batch gets the verdicts that each proof gets alone", async () => {
  const bad = JSON.parse(proof);
  bad.statement[1] = bad.statement[0];
  for (const proofs of [[], [proof], [proof, proof.toString(), JSON.parse(proof)], [proof, "nonsense", proof, bad]]) {
    for (const options of [{}, { context: 1 }, { expectInts: [7, 0, 255] }]) {
      const alone = await Promise.all(proofs.map((p) => verify(key, p, options)));
      assert.deepEqual(await verifyBatch(key, proofs, options), alone);
    }
  }
  assert.deepEqual((await verifyBatch(key.subarray(1), [proof, proof])).map((a) => a.verdict), ["malformed", "malformed"]);
  await assert.rejects(verifyBatch(key, proof), TypeError);
  await assert.rejects(verifyBatch(key, [proof, 5]), TypeError);
});

test("packed inputs are what the statement shows", async () => {
  const { card } = await readKey(key);
  const { statement } = await verify(key, proof);
  const values = statement.inputs[0].values;
  const packed = await packInputs(key, [{ ints: [7, 0, 255] }]);
  for (const input of [values, { values }, { ints: [7n, 0n, 255n] }, Float64Array.from(values)]) {
    assert.deepEqual(await packInputs(key, [input]), packed);
  }
  assert.equal(packed.inputs[0].elements[0], BigInt(`0x${JSON.parse(proof).statement[1].slice(2)}`));
  assert.deepEqual(packed.inputs[0].ints, [7, 0, 255]);
  assert.match(packed.inputHash, /^0x[0-9a-f]{64}$/);
  assert.equal(card.inputs.length, 1);
  for (const inputs of [[], [null], [values, values], [{ ints: [7] }], [{ values, salt: 1 }], [{ values, more: 1 }], [5], values, [{}]]) {
    await assert.rejects(packInputs(key, inputs), TypeError);
  }
  await assert.rejects(packInputs(key.subarray(1), [values]), /malformed/);
});

test("the program in text is the program", async () => {
  const inline = await import("../inline.js");
  assert.deepEqual(await inline.verify(key, proof), await verify(key, proof));
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
