// Verifies the sample and says what came out.
export async function report(verify, readKey) {
  let said;
  try {
    const [key, proof] = await Promise.all(["/verifying.key", "/proof.json"].map(async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer())));
    const { digest } = await readKey(key);
    const good = await verify(key, proof, { expectKey: digest });
    const bad = await verify(key, proof, { context: 5 });
    said = `${good.verdict}, ${bad.verdict}: ${bad.kind}`;
  } catch (error) {
    said = String(error);
  }
  globalThis.document === undefined ? postMessage(said) : (document.title = said);
}
