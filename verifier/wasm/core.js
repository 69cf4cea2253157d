// Verifies nnark proofs: index.d.ts documents what is exported. The work is
// done by package verifier of the Go module, compiled to nnark.wasm; this file
// hands it requests and gives back its answers (JSON, see the README). How the
// program is read differs between index.js (browsers), node.js and inline.js.

import "./wasm_exec.js"; // Go's own loader; defines globalThis.Go

/**
 * Returns the package's functions. program(imports) instantiates the program that comes with
 * the package, read(url, imports) one from elsewhere.
 */
export function createVerifier({ program, read }) {
  /** Resolves to the function from requests to answers, once init or another call ran. */
  let serving;

  function init(source) {
    return (serving ??= start(source).catch((error) => {
      serving = undefined; // so that a later call may try again
      throw error;
    })).then(() => undefined);
  }

  async function start(source) {
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
    if (source === undefined) {
      return program(imports);
    }
    if (source instanceof WebAssembly.Module) {
      return WebAssembly.instantiate(source, imports);
    }
    if (source instanceof URL || typeof source === "string") {
      return read(source, imports);
    }
    return (await WebAssembly.instantiate(source, imports)).instance;
  }

  async function verify(key, proof, options = {}) {
    const answer = await ask({ key: hex(bytes(key)), proof: hex(proofBytes(proof)), ...requested(options) });
    return answerOf(answer, answer);
  }

  async function verifyBatch(key, proofs, options = {}) {
    if (!Array.isArray(proofs)) {
      throw new TypeError("nnark: proofs is not an array");
    }
    const list = proofs.map((proof) => hex(proofBytes(proof)));
    const all = await ask({ key: hex(bytes(key)), proofs: `[${list.join()}]`, ...requested(options) });
    if (all.verdict !== undefined) { // on the key
      return proofs.map(() => answerOf(all, all));
    }
    return (all.answers ?? []).map((answer) => answerOf(answer, all));
  }

  async function readKey(key) {
    const { verdict, reason, key: digest, card } = await ask({ key: hex(bytes(key)) });
    if (verdict !== undefined) {
      throw new Error(`nnark: ${reason}`);
    }
    return { digest, card: cardOf(card) };
  }

  async function packInputs(key, inputs) {
    const { verdict, reason, packed, inputHash } = await ask({ key: hex(bytes(key)), inputs: valuesOf(inputs) });
    if (verdict !== undefined) {
      throw new Error(`nnark: ${reason}`);
    }
    return {
      inputHash: `0x${inputHash}`,
      inputs: packed.map(({ elements, ints = [] }) => ({
        elements: elements.map((x) => BigInt(`0x${x}`)),
        ints: ints.some((q) => typeof q === "string") ? ints.map(BigInt) : ints,
      })),
    };
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

  return { init, verify, verifyBatch, readKey, packInputs };
}

/** Instantiates a program that is fetched, while it arrives if the server says what it is. */
export async function fetchProgram(url, imports) {
  const node = globalThis.process?.getBuiltinModule; // where fetch has no files
  if (url.protocol === "file:" && node !== undefined) {
    return (await WebAssembly.instantiate(node("node:fs").readFileSync(url), imports)).instance;
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`nnark: ${url}: ${response.status} ${response.statusText}`);
  }
  const type = response.headers.get("content-type") ?? "";
  if (/^application\/wasm\b/i.test(type) && WebAssembly.instantiateStreaming !== undefined) {
    return (await WebAssembly.instantiateStreaming(response, imports)).instance;
  }
  const data = new Uint8Array(await response.arrayBuffer());
  if (data[0] !== 0 || data[1] !== 0x61 || data[2] !== 0x73 || data[3] !== 0x6d) { // "\0asm"
    throw new NotAProgram(url, type);
  }
  return (await WebAssembly.instantiate(data, imports)).instance;
}

/** A server answered with something else, a page for instance. */
export class NotAProgram extends Error {
  constructor(url, type) {
    super(`nnark: ${url} is no WebAssembly but ${type || "something else"}: serve nnark.wasm and give its address to init, or import "@nnark/verifier/inline"`);
    this.name = "NotAProgram";
  }
}

/** The verdict of answer, and what all says of the key. */
function answerOf({ verdict, kind, reason, statement }, { key: digest, card }) {
  const key = { digest, card: card && cardOf(card) };
  if (verdict === "accepted") {
    return { accepted: true, verdict, ...key, statement: statementOf(statement) };
  }
  return { accepted: false, verdict, kind, reason, ...key };
}

/** One list of reals for each input, or an object with ints or values, and a salt; null for a private one. */
function valuesOf(inputs) {
  if (!Array.isArray(inputs)) {
    throw new TypeError("nnark: inputs is not an array, of a list for each input");
  }
  const list = inputs.map((input) => {
    if (input === null) {
      return "null";
    }
    const { ints, values, salt, ...others } = isList(input) ? { values: input } : input;
    if (Object.keys(others).length > 0 || !isList(ints ?? values)) {
      throw new TypeError("nnark: an input is a list of numbers, or has ints or values, and a salt");
    }
    const members = [];
    if (ints !== undefined) {
      members.push(`"ints":[${Array.from(ints, integer).join()}]`);
    }
    if (values !== undefined) {
      members.push(`"real":[${Array.from(values, real).join()}]`);
    }
    if (salt !== undefined) {
      members.push(`"salt":${elementOf(salt, "salt")}`);
    }
    return `{${members.join()}}`;
  });
  return `[${list.join()}]`;
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
