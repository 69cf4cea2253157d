// The verifier for Node: see core.js.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { createVerifier, fetchProgram } from "./core.js";

async function program(imports) {
  return fromFile(new URL("./nnark.wasm", import.meta.url), imports);
}

async function read(source, imports) {
  const url = new URL(source, pathToFileURL(`${process.cwd()}/`));
  return url.protocol === "file:" ? fromFile(url, imports) : fetchProgram(url, imports);
}

async function fromFile(url, imports) {
  return (await WebAssembly.instantiate(await readFile(url), imports)).instance;
}

export const { init, verify, verifyBatch, readKey, packInputs } = createVerifier({ program, read });
