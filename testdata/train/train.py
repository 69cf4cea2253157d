#!/usr/bin/env python3
"""Trains and writes everything in testdata/ that is not source text.

    python3 train.py MNIST_FOLDER              # all files, and RECORD.md
    python3 train.py MNIST_FOLDER --validate   # no files: the settings' accuracy

MNIST_FOLDER holds the four files named in mnist.py. --validate trains on the
first 8,000 training images and measures on the other 2,000; that is how the
settings below were chosen. Without it all 10,000 are used, and the test set is
read once for each finished file.
"""

import argparse
import dataclasses
import gzip
import pathlib
import platform
import random
from typing import Callable

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

import export
import mnist

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
SEED = 1
BATCH = 100


@dataclasses.dataclass
class Settings:
    epochs: int
    learning_rate: float  # the peak of a one-cycle schedule
    weight_decay: float
    row_penalty: float  # times the sum over layers of the largest row L1 norm
    max_weight: float  # weights are clipped to +-max_weight
    label_smoothing: float


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def weighted(net):
    return [layer for layer in net if hasattr(layer, "weight")]


def row_norms(layer):
    """The L1 norm of each output's weights: with inputs in [0, 1], |output - bias| cannot exceed it."""
    return layer.weight.abs().flatten(1).sum(1)


def train(net, images, labels, s):
    """Trains net in place on float32[N,1,28,28] and int64[N]."""
    layers = weighted(net)
    optimizer = torch.optim.AdamW(net.parameters(), s.learning_rate, weight_decay=s.weight_decay)
    batches = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, s.learning_rate, total_steps=s.epochs * batches, pct_start=0.2
    )
    for _ in range(s.epochs):
        for batch in torch.randperm(len(images))[: batches * BATCH].view(batches, BATCH):
            logits = net(mnist.augment(images[batch]))
            loss = F.cross_entropy(logits, labels[batch], label_smoothing=s.label_smoothing)
            loss = loss + s.row_penalty * sum(row_norms(layer).max() for layer in layers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                for layer in layers:
                    layer.weight.clamp_(-s.max_weight, s.max_weight)


def to_half(net):
    """Rounds the parameters of net to float16 values."""
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(p.half().float())


@torch.no_grad()
def accuracy(net, images, labels):
    return (net(images).argmax(1) == labels).float().mean().item()


@torch.no_grad()
def layer_table(names, net, images):
    """Markdown rows: what bounds the integers of a proof, layer by layer.

    The bound is max over rows of (row L1 norm * largest input + |bias|), where the
    largest input is the largest value the layer before gave on images.
    """
    rows = ["| layer | max row L1 | max \\|w\\| | outputs seen | bound / largest output |", "|---|---|---|---|---|"]
    x, largest = images, 1.0
    names = iter(names)
    for layer in net:
        x = layer(x)
        if not hasattr(layer, "weight"):
            continue
        norms = row_norms(layer)
        bound = (norms * largest + layer.bias.abs()).max().item()
        largest = x.max().item()
        rows.append(
            f"| {next(names)} | {norms.max():.2f} | {layer.weight.abs().max():.3f} "
            f"| {x.min():.2f} .. {largest:.2f} | {bound / largest:.2f} |"
        )
    return rows


def arrays(layer):
    """weight and bias as float32 arrays. (This PyTorch has no bridge to NumPy 2.)"""
    return [np.array(p.tolist(), np.float32) for p in (layer.weight, layer.bias)]


def lenet5_onnx(net):
    conv1, conv2, fc1, fc2, fc3 = map(arrays, weighted(net))
    g = export.Graph("lenet5", ["N", 1, 28, 28])
    g.conv("conv1", *conv1, pad=2)
    g.relu("relu1")
    g.maxpool("pool1")
    g.conv("conv2", *conv2, pad=0)
    g.relu("relu2")
    g.maxpool("pool2")
    g.flatten("flatten")
    g.gemm("fc1", *fc1)
    g.relu("relu3")
    g.gemm("fc2", *fc2)
    g.relu("relu4")
    g.gemm("fc3", *fc3)
    return g.model()


def mlp_onnx(net):
    fc1, fc2 = map(arrays, weighted(net))
    g = export.Graph("mlp", ["N", 1, 28, 28], half=True)
    g.flatten("flatten")
    g.gemm("fc1", *fc1)
    g.relu("relu1")
    g.gemm("fc2", *fc2)
    return g.model()


@dataclasses.dataclass
class Network:
    file: str
    build: Callable
    to_onnx: Callable
    half: bool
    layers: list
    settings: Settings


NETWORKS = [
    Network("lenet5.onnx", lenet5, lenet5_onnx, False, ["conv1", "conv2", "fc1", "fc2", "fc3"],
            Settings(epochs=100, learning_rate=4e-3, weight_decay=0.1, row_penalty=3e-3, max_weight=0.5, label_smoothing=0.02)),
    Network("mlp.onnx", mlp, mlp_onnx, True, ["fc1", "fc2"],
            Settings(epochs=120, learning_rate=4e-3, weight_decay=0.1, row_penalty=5e-4, max_weight=0.5, label_smoothing=0.05)),
]  # fmt: skip


def train_network(n, images, labels):
    torch.manual_seed(SEED)
    net = n.build()
    train(net, images, labels, n.settings)
    if n.half:
        to_half(net)
    return net.eval()


def validate(images, labels):
    for n in NETWORKS:
        net = train_network(n, images[:8000], labels[:8000])
        print(n.file, n.settings, f"validation accuracy {accuracy(net, images[8000:], labels[8000:]):.4f}")
        print("\n".join(layer_table(n.layers, net, images[:8000])))


def uniform(rng, *shape):
    """float32 values in [-0.5, 0.5). Python's generator is the same everywhere."""
    values = [rng.random() - 0.5 for _ in range(int(np.prod(shape)))]
    return np.array(values, np.float32).reshape(shape)


def tiny_onnx():
    rng = random.Random(SEED)
    g = export.Graph("tiny", [1, 1, 8, 8])
    g.conv("conv1", uniform(rng, 2, 1, 3, 3), uniform(rng, 2), pad=1, stride=2)
    g.relu("relu1")
    g.maxpool("pool1")
    g.flatten("flatten")
    g.gemm("fc1", uniform(rng, 4, 8), uniform(rng, 4))
    return g.model()


def tiny_mlp_onnx():
    rng = random.Random(SEED)
    g = export.Graph("tiny_mlp", [1, 16])
    g.gemm("fc1", uniform(rng, 8, 16), uniform(rng, 8))
    g.relu("relu1")
    g.gemm("fc2", uniform(rng, 3, 8), uniform(rng, 3))
    return g.model()


def write_tiny(name, model, *shape):
    path = TESTDATA / f"{name}.onnx"
    onnx.save(model, path)
    x = uniform(random.Random(SEED + 1), *shape) + np.float32(0.5)
    export.write_example(path.with_suffix(".json"), x, export.run(path, x))
    return [path, path.with_suffix(".json")]


def write_images(train_set, test_set):
    """Writes the 100 test images with labels and the 200 calibration images."""
    (images, labels), (calib, calib_labels) = test_set, train_set
    chosen = mnist.first_of_each(labels, 10)
    files = {
        "mnist100.idx3": mnist.idx_bytes(images[chosen]),
        "mnist100.idx1": mnist.idx_bytes(labels[chosen]),
        "calib200.idx3.gz": gzip.compress(
            mnist.idx_bytes(calib[mnist.first_of_each(calib_labels, 20)]), mtime=0
        ),
    }
    for name, data in files.items():
        (TESTDATA / name).write_bytes(data)
    return [TESTDATA / name for name in files]


def write_network(n, images, labels, test_images, test_labels):
    """Trains and writes one network. Returns its path and its part of the record."""
    net = train_network(n, images, labels)
    path = TESTDATA / n.file
    onnx.save(n.to_onnx(net), path)
    logits = export.run(path, (test_images[:, None] / np.float32(255)))
    correct = int((logits.argmax(1) == test_labels).sum())
    with torch.no_grad():
        expected = np.array(net(mnist.to_torch(test_images)).tolist(), np.float32)
    difference = float(np.abs(logits - expected).max())
    if difference > 1e-4:
        raise SystemExit(f"{n.file}: ONNX Runtime and PyTorch differ by {difference}")
    settings = ", ".join(f"{k} {v}" for k, v in dataclasses.asdict(n.settings).items())
    return path, [
        f"## {n.file}", "",
        f"- Test accuracy: {correct / 100:.2f} % ({correct:,} of 10,000, ONNX Runtime)",
        f"- Training images, not augmented: {100 * accuracy(net, images, labels):.2f} %",
        f"- Largest difference of a logit, ONNX Runtime against PyTorch, test set: {difference:.1e}",
        f"- Settings: {settings}, batch {BATCH}, seed {SEED}", "",
        *layer_table(n.layers, net, images), "",
    ]  # fmt: skip


def record(parts, files):
    versions = {
        "Python": platform.python_version(), "PyTorch": torch.__version__, "NumPy": np.__version__,
        "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__,
    }  # fmt: skip
    lines = [
        "# Training record", "",
        "Written by `python3 train.py MNIST_FOLDER`, one thread. Outputs seen are those before the activation, on the",
        "training images; the last column is how much wider than them the worst case over all inputs of that range is.", "",
        *[line for part in parts for line in part],
        "## Versions", "", *[f"- {k} {v}" for k, v in versions.items()], "",
        "## SHA-256 of the data", "", "```",
        *[f"{digest}  {name}" for name, digest in mnist.SHA256.items()], "```", "",
        "## SHA-256 of the written files", "", "```",
        *[f"{mnist.sha256(f)}  {f.name}" for f in files], "```",
    ]  # fmt: skip
    (TESTDATA / "train" / "RECORD.md").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist_folder", type=pathlib.Path)
    parser.add_argument("--validate", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    train_set, test_set = [
        [mnist.read_idx(args.mnist_folder / f"{name}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")]
        for name in ("train10k", "t10k")
    ]
    images, labels = mnist.to_torch(train_set[0]), torch.tensor(train_set[1].tolist())
    if args.validate:
        return validate(images, labels)

    files = write_tiny("tiny", tiny_onnx(), 1, 1, 8, 8) + write_tiny("tiny_mlp", tiny_mlp_onnx(), 1, 16)
    files += write_images(train_set, test_set)
    parts = []
    for n in NETWORKS:
        path, part = write_network(n, images, labels, *test_set)
        files.append(path)
        parts.append(part)
    record(parts, files)


if __name__ == "__main__":
    main()
