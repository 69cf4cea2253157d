// Verifies nnark proofs: index.d.ts documents what is exported. The work is
// done by package verifier of the Go module, compiled to nnark.wasm; this file
// hands it requests and gives back its answers (JSON, see the README).

import "./wasm_exec.js"; // Go's own loader; defines globalThis.Go

/** Resolves to the function from requests to answers, once init or verify ran. */
let serving;

export function init(source) {
  return (serving ??= start(source).catch((error) => {
    serving = undefined; // so that a later call may try again
    throw error;
  })).then(() => undefined);
}

async function start(source = new URL("./nnark.wasm", import.meta.url)) {
  const go = new globalThis.Go();
  const instance = await instantiate(source, go.importObject);
  return new Promise((resolve, reject) => {
    globalThis.nnarkReady = (serve) => { // called by the program
      delete globalThis.nnarkReady;
      resolve(serve);
    };
    go.run(instance).then(() => {
      serving = undefined; // it runs for ever unless it failed
      reject(new Error("nnark: the verifier ended"));
    }, reject);
  });
}

async function instantiate(source, imports) {
  if (source instanceof WebAssembly.Module) {
    return WebAssembly.instantiate(source, imports);
  }
  if (source instanceof URL || typeof source === "string") {
    source = await read(new URL(source, import.meta.url));
  }
  return (await WebAssembly.instantiate(source, imports)).instance;
}

async function read(url) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`nnark: ${url}: ${response.status} ${response.statusText}`);
  }
  return response.arrayBuffer();
}

export async function verify(key, proof, options = {}) {
  const answer = await ask({ key: hex(bytes(key)), proof: hex(proofBytes(proof)), ...requested(options) });
  const { verdict, kind, reason, key: digest, card, statement } = answer;
  return {
    accepted: verdict === "accepted", verdict, kind, reason, digest,
    card: card && cardOf(card), statement: statement && statementOf(statement),
  };
}

export async function readKey(key) {
  const { verdict, reason, key: digest, card } = await ask({ key: hex(bytes(key)) });
  if (verdict !== undefined) {
    throw new Error(`nnark: ${reason}`);
  }
  return { digest, card: cardOf(card) };
}

/** The members of requests are JSON texts where JSON.stringify would not do. */
async function ask(request) {
  await init();
  const serve = await serving;
  const members = Object.entries(request).map(([name, text]) => `"${name}":${text}`);
  const answer = JSON.parse(serve(`{${members.join()}}`));
  if (answer.error !== undefined) {
    throw new TypeError(`nnark: ${answer.error}`);
  }
  return answer;
}

const known = new Set(["context", "anyContext", "refuseUnsafe", "expectInput", "expectInts", "expectKey", "openings"]);

function requested(options) {
  const request = {};
  for (const [name, value] of Object.entries(options)) {
    if (!known.has(name)) {
      throw new TypeError(`nnark: unknown option ${name}`); // perhaps a check, misspelt
    }
    if (value === undefined && name !== "expectKey") { // a pin that got lost is no pin
      continue;
    }
    switch (name) {
      case "context": request.context = elementOf(value, "context"); break;
      case "expectKey": request.expectKey = digestOf(value); break;
      case "openings": request.openings = openingsOf(value); break;
      case "expectInput": request.expectInput = lists(value, real); break;
      case "expectInts": request.expectInts = lists(value, integer); break;
      default:
        if (typeof value !== "boolean") {
          throw new TypeError(`nnark: ${name} is not a boolean`);
        }
        request[name] = String(value);
    }
  }
  return request;
}

/** The digest of a key: 32 bytes, or their hexadecimal form. */
function digestOf(value) {
  if (value instanceof Uint8Array && value.length === 32) {
    return hex(value);
  }
  if (typeof value === "string" && /^(0x)?[0-9a-f]{64}$/i.test(value)) {
    return `"${value.slice(-64)}"`;
  }
  throw new TypeError("nnark: expectKey is neither 32 bytes nor 64 hexadecimal digits");
}

function openingsOf(value) {
  if (!Array.isArray(value)) {
    throw new TypeError("nnark: openings is not an array");
  }
  const list = value.map((opening) => {
    const { input, output, ints, salt, ...others } = opening;
    const index = input ?? output;
    if ((input === undefined) === (output === undefined) || !Number.isSafeInteger(index) || index < 0) {
      throw new TypeError("nnark: an opening is of an input or an output, by its index");
    }
    if (!isList(ints) || Object.keys(others).length > 0) {
      throw new TypeError("nnark: an opening has ints and a salt");
    }
    const values = Array.from(ints, integer).join();
    return `{"output":${output !== undefined},"index":${index},"ints":[${values}],"salt":${elementOf(salt, "salt")}}`;
  });
  return `[${list.join()}]`;
}

/** A field element: a non-negative integer, 32 bytes, or 0x and hexadecimal digits. */
function elementOf(value, what) {
  if (typeof value === "string" && /^0x[0-9a-f]{1,64}$/i.test(value)) {
    value = BigInt(value);
  }
  if (value instanceof Uint8Array && value.length === 32) {
    return hex(value);
  }
  if (typeof value === "bigint" || Number.isSafeInteger(value)) {
    const digits = BigInt(value).toString(16).padStart(64, "0");
    if (value >= 0 && digits.length === 64) {
      return `"${digits}"`;
    }
  }
  throw new RangeError(`nnark: ${what} is neither a non-negative integer below 2^256 nor 32 bytes`);
}

/** One list of numbers, or one list (or null) for each input of the model. */
function lists(value, number) {
  if (!isList(value)) {
    throw new TypeError("nnark: an expected input is not a list of numbers");
  }
  const several = value.length > 0 && Array.from(value).every((x) => x === null || isList(x));
  const list = (x) => (x === null ? "null" : `[${Array.from(x, number).join()}]`);
  return `[${several ? Array.from(value, list).join() : list(value)}]`;
}

function isList(x) {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
}

function real(x) {
  if (typeof x !== "number" || !Number.isFinite(x)) {
    throw new RangeError(`nnark: ${x} is not a finite number`);
  }
  return Object.is(x, -0) ? "-0" : String(x);
}

function integer(x) {
  if (typeof x === "bigint" ? BigInt.asIntN(64, x) === x : Number.isSafeInteger(x)) {
    return String(x);
  }
  throw new RangeError(`nnark: ${x} is not an integer of 64 bits`);
}

function bytes(data) {
  if (data instanceof ArrayBuffer) {
    return new Uint8Array(data);
  }
  if (!(data instanceof Uint8Array)) {
    throw new TypeError("nnark: not a Uint8Array");
  }
  return data;
}

function proofBytes(proof) {
  if (typeof proof === "string") {
    return new TextEncoder().encode(proof);
  }
  if (proof instanceof ArrayBuffer || proof instanceof Uint8Array) {
    return bytes(proof);
  }
  if (proof === null || typeof proof !== "object") {
    throw new TypeError("nnark: a proof is bytes, a JSON text or the object of one");
  }
  return new TextEncoder().encode(JSON.stringify(proof));
}

const digits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

function hex(data) {
  const out = new Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = digits[data[i]];
  }
  return `"${out.join("")}"`;
}

function cardOf(card) {
  return { labels: [], ...card, inputs: card.inputs.map(tensorOf), outputs: card.outputs.map(tensorOf) };
}

function statementOf(statement) {
  return {
    context: BigInt(`0x${statement.context}`),
    inputs: statement.inputs.map(tensorOf), outputs: statement.outputs.map(tensorOf),
  };
}

/** Integers arrive as strings where a number would round them. */
function tensorOf(tensor) {
  const out = { ...tensor };
  if (typeof tensor.lo === "string" || typeof tensor.hi === "string") {
    out.lo = BigInt(tensor.lo);
    out.hi = BigInt(tensor.hi);
    out.ints = tensor.ints?.map(BigInt);
  }
  if (out.ints !== undefined) {
    out.values = out.ints.map((q) => Number(q) * 2 ** -tensor.exp);
  }
  return out;
}
