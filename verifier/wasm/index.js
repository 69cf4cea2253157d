// The verifier for browsers, their workers and bundlers: see core.js.

import { NotAProgram, createVerifier, fetchProgram } from "./core.js";

async function program(imports) {
  try {
    return await fetchProgram(new URL("./nnark.wasm", import.meta.url), imports); // as bundlers look for it
  } catch (error) {
    // Vite's development server puts this module, but not the program, into a folder of its own.
    const deps = /^(.*\/node_modules\/)\.vite\/deps[^/]*\//.exec(import.meta.url);
    if (!(error instanceof NotAProgram) || deps === null) {
      throw error;
    }
    return fetchProgram(new URL(`${deps[1]}@nnark/verifier/nnark.wasm`), imports);
  }
}

function read(source, imports) {
  return fetchProgram(new URL(source, globalThis.location?.href ?? import.meta.url), imports);
}

export const { init, verify, verifyBatch, readKey, packInputs } = createVerifier({ program, read });
