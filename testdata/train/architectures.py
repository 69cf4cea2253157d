#!/usr/bin/env python3
"""Trains and writes one small network of each kind that people bring beside LeNet and MLP.

    python3 architectures.py MNIST_FOLDER

writes, into testdata/, transformer.onnx, lstm.onnx, int8.onnx (digits of MNIST) and boosted.onnx (a
hundred trees on scikit-learn's breast cancer table), to each a .json with inputs that were not trained
on and ONNX Runtime's answers, and ARCHITECTURES.md, the record. They are what PyTorch's exporter, ONNX
Runtime's quantizer and skl2onnx make of the networks, unchanged. lenet5_plain.onnx and mlp_plain.onnx are
train.py's networks without its penalty and its bounds on weights, to see what these save.
"""

import json
import pathlib
import platform
import random
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
import torch
import torch.nn.functional as F
from onnxruntime import quantization
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import train_test_split
from torch import nn

import mnist
import train as penalised

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
SEED, BATCH = 1, 100


class Block(nn.Module):
    """A transformer's layer: attention and two linear layers, each behind a LayerNorm."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.width = heads, width
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(2, 3) * (width // self.heads) ** -0.5).softmax(-1)
        x = x + self.out((a @ v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    """Sixteen patches of 7 x 7 pixels, two layers of width 32 with two heads, the mean of the tokens."""

    def __init__(self, width=32, heads=2, layers=2):
        super().__init__()
        self.patch = nn.Conv2d(1, width, 7, stride=7)
        self.place = nn.Parameter(0.1 * torch.randn(1, 16, width))
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, image):
        x = self.patch(image).flatten(2).transpose(1, 2) + self.place
        return self.head(self.norm(self.blocks(x)).mean(1))


class LSTM(nn.Module):
    """Reads an image row by row: 28 steps of 28 pixels, 32 hidden units."""

    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(28, 32), nn.Linear(32, 10)

    def forward(self, image):
        _, (h, _) = self.lstm(image.reshape(-1, 28, 28).transpose(0, 1))
        return self.head(h[0])


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=2), nn.ReLU(), nn.Conv2d(6, 12, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(12 * 25, 10),
    )  # fmt: skip


def train(net, images, labels, epochs, rate):
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.05)
    batches = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * batches, pct_start=0.2)
    for _ in range(epochs):
        for batch in torch.randperm(len(images))[: batches * BATCH].view(batches, BATCH):
            loss = F.cross_entropy(net(mnist.augment(images[batch], degrees=8, elastic=0.6)), labels[batch], label_smoothing=0.03)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return net.eval()


def run(path, x):
    """What ONNX Runtime answers to the rows of x, one at a time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return [session.run(None, {name: row[None]}) for row in x]


def write_answers(path, x, answers):
    cases = [{"input": row.ravel().tolist(), "outputs": [np.asarray(o).ravel().tolist() for o in a]} for row, a in zip(x, answers)]
    path.write_text(json.dumps(cases) + "\n")


def digits(name, net, epochs, rate, sets):
    """Trains a network on digits and exports it. Returns its path and the line of the record."""
    torch.manual_seed(SEED)
    (images, labels), (test, test_labels) = sets
    net = train(net(), images, labels, epochs, rate)
    path = TESTDATA / f"{name}.onnx"
    torch.onnx.export(net, images[:1], path, input_names=["image"], output_names=["logits"], opset_version=14)
    return path, f"- {name}: {sum(p.numel() for p in net.parameters()):,} parameters, {epochs} epochs, learning rate {rate}"


def test_accuracy(path, sets):
    test, labels = sets[1]
    x = np.array(test.tolist(), np.float32)
    return np.mean([np.argmax(a[0]) == label for a, label in zip(run(path, x), labels.tolist())])


class Calibration(quantization.CalibrationDataReader):
    def __init__(self, images):
        self.rows = iter(np.array(images.tolist(), np.float32))

    def get_next(self):
        row = next(self.rows, None)
        return None if row is None else {"image": row[None]}


def int8(sets):
    """A convolutional network in eight bits, as ONNX Runtime's quantizer writes it (QDQ)."""
    path, line = digits("int8", cnn, 12, 4e-3, sets)
    with tempfile.TemporaryDirectory() as folder:
        simple = pathlib.Path(folder) / "float.onnx"
        quantization.shape_inference.quant_pre_process(str(path), str(simple))
        quantization.quantize_static(
            str(simple), str(path), Calibration(sets[0][0][:500]), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
        )  # fmt: skip
    return path, line + ", then quantize_static (QDQ, per channel, uint8 activations, int8 weights)"


def boosted():
    """A hundred boosted trees, exported by skl2onnx."""
    x, y = load_breast_cancer(return_X_y=True)
    x = x.astype(np.float32)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=SEED)
    model = GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=SEED).fit(x_train, y_train)
    path = TESTDATA / "boosted.onnx"
    options = {id(model): {"zipmap": False}}
    proto = skl2onnx.convert_sklearn(model, "boosted", [("features", skl2onnx.common.data_types.FloatTensorType([None, 30]))], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
    path.write_bytes(proto.SerializeToString())
    answers = run(path, x_test)
    accuracy = np.mean([a[0][0] == label for a, label in zip(answers, y_test)])
    write_answers(path.with_suffix(".json"), x_test[:60], answers[:60])
    return path, f"- boosted: 100 trees of depth 3 on 30 features, {len(x_train)} rows; accuracy on the other {len(x_test)}: {100 * accuracy:.2f} %", x_train


def plain(name, build, to_onnx, sets):
    """One of train.py's networks, trained as anybody would; weights are stored as float16."""
    torch.manual_seed(SEED)
    (images, labels), _ = sets
    net = build()
    train(net, images, labels, 30, 4e-3)
    penalised.to_half(net)
    path = TESTDATA / f"{name}.onnx"
    onnx.save(to_onnx(net), path)
    return path, f"- {name}: 30 epochs, learning rate 0.004, no penalty; weights rounded to float16"


def half(to_onnx):
    """to_onnx with weights stored as float16."""

    def write(net):
        graph = penalised.export.Graph
        penalised.export.Graph = lambda name, shape, half=True: graph(name, shape, half=True)
        try:
            return to_onnx(net)
        finally:
            penalised.export.Graph = graph

    return write


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    random.seed(SEED)
    np.random.seed(SEED)
    sets = []
    for name in ("train10k", "t10k"):
        images, labels = [mnist.read_idx(folder / f"{name}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1")]
        sets.append((mnist.to_torch(images), torch.tensor(labels.tolist())))
    chosen = torch.tensor(mnist.first_of_each(np.array(sets[1][1].tolist()), 2).tolist())
    files, lines = [], []
    for make in (
        lambda: digits("transformer", Transformer, 40, 3e-3, sets),
        lambda: digits("lstm", LSTM, 25, 1e-2, sets),
        lambda: int8(sets),
    ):
        path, line = make()
        x = np.array(sets[1][0][chosen].tolist(), np.float32)
        answers = run(path, x)
        cases = [{"outputs": [np.asarray(o).ravel().tolist() for o in a]} for a in answers]
        path.with_suffix(".json").write_text(json.dumps(cases) + "\n")
        line += f"; accuracy on MNIST's test set: {100 * test_accuracy(path, sets):.2f} %"
        print(line, flush=True)
        files += [path, path.with_suffix(".json")]
        lines.append(line)
    for name, build, to_onnx in (
        ("lenet5_plain", penalised.lenet5, half(penalised.lenet5_onnx)),
        ("mlp_plain", penalised.mlp, penalised.mlp_onnx),
    ):
        path, line = plain(name, build, to_onnx, sets)
        line += f"; accuracy on MNIST's test set: {100 * test_accuracy(path, sets):.2f} %"
        print(line, flush=True)
        files.append(path)
        lines.append(line)
    path, line, x_train = boosted()
    np.save(TESTDATA / "boosted_samples.npy", x_train[:200])
    print(line, flush=True)
    files += [path, path.with_suffix(".json"), TESTDATA / "boosted_samples.npy"]
    lines.append(line)
    versions = {
        "Python": platform.python_version(), "PyTorch": torch.__version__, "NumPy": np.__version__, "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__, "scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__,
    }  # fmt: skip
    (TESTDATA / "train" / "ARCHITECTURES.md").write_text("\n".join([
        "# Record of the other architectures", "", "Written by `python3 architectures.py MNIST_FOLDER`, one thread, seed 1.", "",
        *lines, "", "## Versions", "", *[f"- {k} {v}" for k, v in versions.items()], "",
        "## SHA-256 of the written files", "", "```", *[f"{mnist.sha256(f)}  {f.name}" for f in files], "```", "",
    ]))  # fmt: skip


if __name__ == "__main__":
    main()
