// The page: files in, a verdict and what it is about out. Names and labels come
// from the key and go into the page as text only.

import { init, readKey, verify } from "../index.js";

const at = (id) => document.getElementById(id);
const keyMagic = "nnark-vk-2";

let key, proof;

async function take(files) {
  for (const file of files) {
    const data = new Uint8Array(await file.arrayBuffer());
    const isKey = new TextDecoder().decode(data.subarray(0, keyMagic.length)) === keyMagic;
    if (isKey) {
      key = data;
    } else {
      proof = data;
    }
    const slot = isKey ? "key" : "proof";
    at(`${slot}-name`).textContent = file.name;
    at(`${slot}-slot`).classList.add("filled");
  }
  await show();
}

async function show() {
  at("result").hidden = at("statement").hidden = at("card").hidden = true;
  if (key === undefined) {
    return;
  }
  try {
    if (proof === undefined) {
      showCard(await readKey(key));
      return;
    }
    await init(); // loading is not verifying
    const start = performance.now();
    const answer = await verify(key, proof, { context: context(), ...expectedKey() });
    showVerdict(answer, performance.now() - start);
    if (answer.card) {
      showCard(answer);
    }
    if (answer.statement) {
      showStatement(answer);
    }
  } catch (error) {
    showVerdict({ verdict: "could not check", reason: error.message.replace(/^nnark: /, "") });
  }
}

function context() {
  const text = at("context").value.trim();
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) {
    throw new RangeError("the context is not a non-negative integer");
  }
  return BigInt(text);
}

/** The option for the digest that the key must have; none if the field is empty. */
function expectedKey() {
  const text = at("expected-key").value.trim();
  if (text !== "" && !/^[0-9a-f]{64}$/i.test(text)) {
    throw new RangeError("the expected digest is not 64 hexadecimal digits");
  }
  return text === "" ? {} : { expectKey: text };
}

function showVerdict({ accepted, verdict, reason, card, statement }, ms) {
  const caveats = [];
  if (accepted && card.unsafeSetup) {
    caveats.push("One party made this key and could forge this proof.");
  }
  if (accepted && !("expectKey" in expectedKey())) {
    caveats.push("The key was not compared with a digest that you expect.");
  }
  at("result").className = accepted ? (card.unsafeSetup ? "accepted doubtful" : "accepted") : "";
  at("verdict").textContent = verdict[0].toUpperCase() + verdict.slice(1);
  at("reason").textContent = accepted
    ? `The proof is for context ${statement.context}. Checked in ${ms.toFixed(0)} ms.`
    : reason.replace(`${verdict}: `, "");
  at("caveats").replaceChildren(...caveats.map((text) => node("li", text)));
  at("result").hidden = false;
}

function showCard({ digest, card }) {
  const tensor = (t) => `${t.name}: ${t.shape.join(" × ") || "one number"}, ${t.mode}`;
  const rows = {
    Name: card.name,
    "Key digest": code(digest),
    "Proof system": { groth16: "Groth16", plonk: "PLONK" }[card.system],
    Setup: card.setup.kind === "ceremony" ? `ceremony of ${card.setup.contributions}, transcript ${card.setup.transcript}` : card.setup.kind,
    Weights: card.weights === "committed" ? "private, committed to in the key" : "constants of the circuit",
    Inputs: card.inputs.map(tensor).join("; "),
    Outputs: card.outputs.map(tensor).join("; "),
    Architecture: code(card.architecture),
  };
  at("card-rows").replaceChildren(...Object.entries(rows).flatMap(([name, value]) => [node("dt", name), node("dd", value)]));
  at("unsafe").hidden = !card.unsafeSetup;
  at("card").hidden = false;
}

function showStatement({ statement, card }) {
  at("tensors").replaceChildren(
    ...statement.inputs.map((t) => figure("Input", t, picture(t) ?? numbers(t))),
    ...statement.outputs.map((t) => figure("Output", t, scores(t, card.labels) ?? numbers(t))),
  );
  at("statement").hidden = false;
}

function figure(kind, tensor, content) {
  return node("figure", node("figcaption", `${kind} ${tensor.name}, ${tensor.shape.join(" × ")}`), content);
}

/** Height, width and channels if the tensor can be a picture. */
function pictureShape(shape) {
  const axes = shape.filter((d) => d !== 1);
  const [h, w] = axes.slice(-2);
  if (axes.length === 2 || (axes.length === 3 && axes[0] === 3)) {
    return h >= 4 && w >= 4 ? [h, w, axes.length === 3 ? 3 : 1] : undefined;
  }
  const side = Math.sqrt(axes[0]);
  return axes.length === 1 && side >= 4 && Number.isInteger(side) ? [side, side, 1] : undefined;
}

function picture({ shape, ints, lo, hi }) {
  const dims = ints && pictureShape(shape);
  if (!dims) {
    return undefined;
  }
  const [h, w, channels] = dims;
  const canvas = Object.assign(document.createElement("canvas"), { width: w, height: h });
  const paper = canvas.getContext("2d");
  const image = paper.createImageData(w, h);
  const level = (q) => (255 * (Number(q) - Number(lo))) / (Number(hi) - Number(lo));
  for (let i = 0; i < h * w; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = level(ints[channels === 3 ? c * h * w + i : i]);
    }
    image.data[4 * i + 3] = 255;
  }
  paper.putImageData(image, 0, 0);
  return canvas;
}

const maxScores = 20;

/** The answer and a bar for each score, if the output is one short vector. */
function scores({ shape, values }, labels) {
  const axes = shape.filter((d) => d !== 1);
  if (!values || axes.length !== 1 || values.length > maxScores) {
    return undefined;
  }
  const least = Math.min(0, ...values);
  const range = Math.max(0, ...values) - least || 1;
  const top = values.indexOf(Math.max(...values));
  const label = (i) => labels[i] ?? `#${i}`;
  const rows = values.map((x, i) => {
    const bar = node("i");
    bar.style.width = `${(100 * (x - least)) / range}%`;
    const cell = node("td", bar);
    cell.className = "bar";
    const row = node("tr", node("td", label(i)), cell, node("td", x.toPrecision(4)));
    row.className = i === top ? "top" : "";
    return row;
  });
  const answer = node("p", label(top));
  answer.className = "answer";
  answer.id = "answer";
  return node("div", answer, node("table", ...rows));
}

const maxNumbers = 200;

function numbers({ values, digest, mode }) {
  if (values) {
    const shown = values.slice(0, maxNumbers).map((x) => x.toPrecision(5)).join(", ");
    return code(values.length > maxNumbers ? `${shown}, … (${values.length} in all)` : shown);
  }
  return digest ? node("span", "digest ", code(digest)) : node("span", `${mode}: not shown`);
}

function node(tag, ...children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

const code = (text) => node("code", text);

async function sample() {
  const fetched = ["verifying.key", "proof.json"].map(async (name) => {
    const response = await fetch(new URL(`sample/${name}`, import.meta.url));
    return new File([await response.arrayBuffer()], name);
  });
  await take(await Promise.all(fetched));
}

at("chooser").addEventListener("change", (event) => take([...event.target.files]));
at("sample").addEventListener("click", sample);
at("context").addEventListener("input", show);
at("expected-key").addEventListener("input", show);
at("files").addEventListener("submit", (event) => event.preventDefault());
for (const name of ["dragenter", "dragover"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
}
for (const name of ["dragleave", "drop"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
  });
}
addEventListener("drop", (event) => take([...event.dataTransfer.files]));
