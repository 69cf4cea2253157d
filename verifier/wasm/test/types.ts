// Compiled, never run: index.d.ts allows what the documentation shows.
import { init, packInputs, readKey, verify, verifyBatch, type Answer, type Tensor } from "../index.js";

declare const key: Uint8Array, proof: Uint8Array;

export async function uses(): Promise<number[]> {
  await init(new URL("https://example.org/nnark.wasm"));
  const answer: Answer = await verify(key, proof, {
    expectInput: Float32Array.of(0, 1), context: 7n, anyContext: false, refuseUnsafe: true,
  });
  await verify(key, "{}", { expectInts: [[1, 2], null], expectInput: [null, Float64Array.of(1)] });
  await verify(key.buffer as ArrayBuffer, { format: "nnark-proof-1" }, { expectInts: [1n, 2n], context: new Uint8Array(32) });
  const { digest, card } = await readKey(key);
  console.log(digest, card.labels[0], card.inputs[0]?.real?.[0], answer.kind === "unsafe setup");
  const output: Tensor | undefined = answer.statement?.outputs[0];
  if (answer.accepted) {
    const context: bigint = answer.statement.context; // no question mark
    console.log(context, answer.digest, answer.card.name);
  } else {
    const reason: string = answer.reason;
    console.log(reason);
    // @ts-expect-error: no statement without acceptance
    console.log(answer.statement.context);
  }
  const answers: Answer[] = await verifyBatch(key, [proof, "{}"], { expectKey: digest });
  const { inputHash, inputs } = await packInputs(key, [[0, 1], { ints: [1n], salt: 5n }, { values: Float32Array.of(1) }, null]);
  console.log(answers.length, inputHash, inputs[0]?.elements[0]);
  await verify(key, proof, { expectKey: digest, openings: [{ input: 0, ints: [1n], salt: 5n }, { output: 1, ints: [2], salt: "0x07" }] });
  // @ts-expect-error: an opening is of an input or an output
  await verify(key, proof, { openings: [{ ints: [1], salt: 1 }] });
  // @ts-expect-error: an unknown option
  await verify(key, proof, { expectinput: [1] });
  // @ts-expect-error: a proof is not a number
  await verify(key, 5);
  return output?.values ?? [];
}
