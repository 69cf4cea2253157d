// Runs a vector file (verifier/vectors) through verify, in Node and in browsers.

export function fromHex(text) {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Returns how many cases got their verdict, and a line about each that did not. */
export async function run(verify, file, from = 0, to = file.cases.length) {
  const keys = new Map();
  const failures = [];
  for (const c of file.cases.slice(from, to)) {
    if (!keys.has(c.key)) {
      keys.set(c.key, fromHex(file.keys[c.key]));
    }
    const { context, openings, ...options } = c.options ?? {};
    if (context !== undefined) {
      options.context = fromHex(context);
    }
    if (openings !== undefined) {
      options.openings = openings.map(({ output, index, ints, salt }) => (
        { [output ? "output" : "input"]: index, ints, salt: fromHex(salt) }));
    }
    const got = await verify(keys.get(c.key), fromHex(c.proof), options);
    const kind = got.kind ?? "";
    if (got.verdict !== c.verdict || kind !== (c.kind ?? "") || got.accepted !== (c.verdict === "accepted")
      || (got.statement !== undefined) !== got.accepted) {
      failures.push(`case ${c.id}, ${c.flaw}, ${c.name}: ${got.verdict} ${kind} (${got.reason})`);
    }
  }
  return { cases: to - from, failures };
}
