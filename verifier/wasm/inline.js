// The verifier with its program in it, compressed, for where no file can be served: see core.js.

import { createVerifier, fetchProgram } from "./core.js";
import { gzipped } from "./program.js";

async function program(imports) {
  const bytes = Uint8Array.from(atob(gzipped), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = await new Response(stream).arrayBuffer();
  return (await WebAssembly.instantiate(code, imports)).instance;
}

function read(source, imports) {
  return fetchProgram(new URL(source, globalThis.location?.href), imports);
}

export const { init, verify, verifyBatch, readKey, packInputs } = createVerifier({ program, read });
