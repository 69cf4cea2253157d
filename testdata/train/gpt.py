#!/usr/bin/env python3
"""Trains and writes a small GPT that continues text character by character.

    python3 gpt.py TEXT

TEXT is Newton's Opticks as the Go distribution ships it, src/testdata/Isaac.Newton-Opticks.txt below what
`go env GOROOT` prints. Writes, into testdata/, gpt.onnx, as PyTorch's exporter makes it but for its
parameters, which are stored as float16, gpt.json with the vocabulary, windows of text for calibration, and
windows that were not trained on with ONNX Runtime's answers, and GPT.md, the record. `--continue gpt.onnx PROMPT`
shows what the network writes.

Debian's PyTorch multiplies with whatever libblas is installed: the reference library takes ten times as long
as OpenBLAS (package libopenblas0-pthread).
"""

import argparse
import hashlib
import json
import math
import pathlib
import platform
import re
import time

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import nn

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
SHA256 = "d4a9ac22462b35e7821a4f2706c211093da678620a8f9997989ee7cf8d507bbd"
VOCABULARY = "\n abcdefghijklmnopqrstuvwxyz,.;:'-?()"
LAYERS, WIDTH, HEADS, WINDOW = 4, 64, 4, 64
SEED, BATCH, RATE, DECAY = 1, 32, 3e-3, 0.1


class Block(nn.Module):
    """A transformer's layer: causal attention and two linear layers, each behind a LayerNorm."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, mask):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(2, 3) * (width // HEADS) ** -0.5 + mask).softmax(-1)
        x = x + self.out((a @ v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """Scores of each next character, int64[n,64] to float[n,64,37]."""

    def __init__(self):
        super().__init__()
        self.token, self.place = nn.Embedding(len(VOCABULARY), WIDTH), nn.Parameter(torch.empty(WINDOW, WIDTH))
        self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(VOCABULARY))
        self.register_buffer("mask", torch.full((WINDOW, WINDOW), -10000.0).triu(1))
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
            elif p.dim() == 2:  # what ends in the residual sum begins smaller, as GPT-2's
                nn.init.normal_(p, std=0.1 / (math.sqrt(2 * LAYERS) if ".out." in name or ".down." in name else 1))

    def forward(self, tokens):
        x = self.token(tokens) + self.place
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.norm(x))


def clean(text):
    """Lower-case paragraphs, one a line, of the sentences that need no other character."""
    text = text.lower().replace("æ", "ae").replace("ê", "e").replace("_", "")
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", text):
        sentences = re.split(r"(?<=[.?!;:]) ", " ".join(paragraph.split()))
        paragraph = " ".join(s for s in sentences if set(s) <= set(VOCABULARY))
        if len(paragraph) >= 40:
            paragraphs.append(paragraph)
    return "\n".join(paragraphs)


def tokens(text):
    return torch.tensor([VOCABULARY.index(c) for c in text])


def windows(text, n):
    """n windows of the text, evenly spaced, as strings."""
    return [text[i : i + WINDOW] for i in (k * (len(text) - WINDOW) // n for k in range(n))]


def loss(net, data, starts):
    rows = data[starts[:, None] + torch.arange(WINDOW + 1)]
    return F.cross_entropy(net(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


@torch.no_grad()
def mean_loss(net, data):
    net.eval()
    starts = torch.arange(0, len(data) - WINDOW - 1, WINDOW)
    value = sum(loss(net, data, s).item() * len(s) for s in starts.split(256)) / len(starts)
    net.train()
    return value


def train(net, data, unseen, steps):
    decayed = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0}], RATE, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    start = time.time()
    for step in range(1, steps + 1):
        value = loss(net, data, torch.randint(len(data) - WINDOW, (BATCH,)))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps:
            print(f"step {step}: loss {value.item():.3f}, unseen {mean_loss(net, unseen):.3f}, {time.time() - start:.0f} s", flush=True)
    return net.eval()


def write(net, path):
    """Exports the network, with parameters as float16, each followed by a Cast to float32."""
    names = dict(input_names=["tokens"], output_names=["logits"])
    torch.onnx.export(net, torch.zeros(1, WINDOW, dtype=torch.long), path, opset_version=13, **names)
    model = onnx.load(path)
    graph, casts = model.graph, []
    for t in graph.initializer:
        if t.data_type == TensorProto.FLOAT and len(t.dims) > 0:
            name, values = t.name, numpy_helper.to_array(t).astype(np.float16)
            t.CopyFrom(numpy_helper.from_array(values, name + "_half"))
            casts.append(helper.make_node("Cast", [t.name], [name], name=name + "_cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


class Runtime:
    """The network at path in ONNX Runtime."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, text):
        """The scores after each character of the text, at most a window."""
        row = np.zeros((1, WINDOW), np.int64)
        row[0, : len(text)] = [VOCABULARY.index(c) for c in text]
        return self.session.run(["logits"], {"tokens": row})[0][0, : len(text)]

    def next(self, text):
        return "".join(VOCABULARY[i] for i in self(text).argmax(-1))

    def write(self, text):
        while len(text) < WINDOW:
            text += self.next(text)[-1]
        return text


def blas():
    """The file of the library that multiplies PyTorch's matrices."""
    maps = pathlib.Path("/proc/self/maps").read_text().split()
    return next((pathlib.Path(word).name for word in maps if "blas" in word), "unknown")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("prompt", nargs="?")
    parser.add_argument("--continue", action="store_true", dest="go_on")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--out", type=pathlib.Path, default=TESTDATA)
    options = parser.parse_args()
    if options.go_on:
        print(repr(Runtime(options.text).write(options.prompt)))
        return
    raw = options.text.read_bytes()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise SystemExit(f"{options.text}: not the text this network was trained on (SHA-256 differs)")
    text = clean(raw.decode())
    cut = len(text) * 19 // 20
    seen, unseen = text[:cut], text[cut:]
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    net = GPT()
    start = time.time()
    train(net, tokens(seen), tokens(unseen), options.steps)
    minutes = (time.time() - start) / 60
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(p.half().float())
    path = options.out / "gpt.onnx"
    write(net, path)
    run = Runtime(path)
    with torch.no_grad():
        difference = max(np.abs(run(w) - np.array(net(tokens(w)[None])[0].tolist())).max() for w in windows(unseen, 20))
    samples = windows(seen, 100)
    cases = [{"text": w, "next": run.next(w), "logits": [round(float(x), 5) for x in run(w)[-1]]} for w in windows(unseen, 20)]
    answers = path.with_suffix(".json")
    lines = [f'{{"vocabulary": {json.dumps(VOCABULARY)},', '"samples": [', ",\n".join(map(json.dumps, samples)), '],', '"cases": [', ",\n".join(map(json.dumps, cases)), "]}", ""]
    answers.write_text("\n".join(lines))
    versions = {
        "Python": platform.python_version(), "PyTorch": torch.__version__, "NumPy": np.__version__,
        "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "BLAS": blas(),
    }  # fmt: skip
    record = [
        "# Record of the GPT", "", f"Written by `python3 gpt.py TEXT`, one thread, seed {SEED}.", "",
        f"- {sum(p.numel() for p in net.parameters()):,} parameters: {LAYERS} layers of width {WIDTH}, {HEADS} heads, {WINDOW} tokens, {len(VOCABULARY)} characters",
        f"- {options.steps:,} steps of {BATCH} windows, AdamW, learning rate {RATE} in one cycle, weight decay {DECAY}; {minutes:.0f} minutes",
        f"- loss (nats a character, weights rounded to float16): {mean_loss(net, tokens(seen)):.3f}, on unseen text {mean_loss(net, tokens(unseen)):.3f}",
        f"- largest difference of a logit, ONNX Runtime against PyTorch, on unseen windows: {difference:.1e}",
        f"- {run.write('the rays of light ')!r}", "",
        "## Text", "",
        "Isaac Newton, *Opticks*, fourth edition, London 1730, which is in the public domain; transcribed by Distributed Proofreaders.",
        "From the Go distribution, `src/testdata/Isaac.Newton-Opticks.txt`. In lower case, without the sentences that need characters",
        f"other than the {len(VOCABULARY)}, it has {len(text):,} characters, of which the last twentieth was not trained on.", "",
        "```", f"{SHA256}  {options.text.name}", "```", "",
        "## Versions", "", *[f"- {k} {v}" for k, v in versions.items()], "",
        "## SHA-256 of the written files", "", "```",
        *[f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}" for f in (path, answers)], "```", "",
    ]  # fmt: skip
    (options.out / ("train/GPT.md" if options.out == TESTDATA else "GPT.md")).write_text("\n".join(record))
    print("\n".join(record))


if __name__ == "__main__":
    main()
