"""Writes a network of GPT-2's shape (124 million parameters, 16 tokens, scores of the next one) with random
weights, scaled like trained ones and with outliers among them, and token ids as samples:

    pip install numpy==2.4.6 onnx==1.23.2
    python bench/engine/gpt2.py gpt2            # gpt2.onnx, gpt2.bin, gpt2.npz
    nnark compile gpt2.onnx --samples gpt2.npz --bits 12 -o gpt2.nnark
    go run ./bench/engine -only gpt2.nnark gpt2.nnark
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS, WIDTH, HEAD, WORDS, TOKENS = 12, 768, 64, 50257, 16
random = np.random.default_rng(1)
nodes, constants = [], []


def constant(name, values):
    constants.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def weights(name, *shape, deviation=0.02):
    w = random.standard_normal(shape) * deviation
    w[random.random(shape) < 2e-5] *= 20
    return constant(name, w.astype(np.float32))


def normal(name, size, mean, deviation):
    return constant(name, random.normal(mean, deviation, size).astype(np.float32))


def node(op, *inputs, outputs=1, **attributes):
    names = [f"{op}{len(nodes)}.{k}" for k in range(outputs)]
    nodes.append(helper.make_node(op, inputs, names, **attributes))
    return names if outputs > 1 else names[0]


def norm(x, name):
    scale = np.abs(random.normal(0.3, 0.1, WIDTH)).astype(np.float32)
    scale[random.integers(0, WIDTH, 4)] = 2
    return node("LayerNormalization", x, constant(name + ".scale", scale), normal(name + ".bias", WIDTH, 0, 0.05), axis=-1)


def linear(x, name, inputs, outputs, deviation=0.02, bias=0.02):
    product = node("MatMul", x, weights(name, inputs, outputs, deviation=deviation))
    return node("Add", product, normal(name + ".bias", outputs, 0, bias))


def heads(x, permutation):
    return node("Transpose", node("Reshape", x, "heads"), perm=permutation)


def block(x, k):
    qkv = linear(norm(x, f"{k}.norm1"), f"{k}.qkv", WIDTH, 3 * WIDTH, deviation=0.04, bias=0.05)
    q, key, v = node("Split", qkv, "thirds", outputs=3, axis=2)
    scores = node("Mul", node("MatMul", heads(q, [0, 2, 1, 3]), heads(key, [0, 2, 3, 1])), "scale")
    mean = node("MatMul", node("Softmax", node("Add", scores, "mask"), axis=-1), heads(v, [0, 2, 1, 3]))
    mean = node("Reshape", node("Transpose", mean, perm=[0, 2, 1, 3]), "rows")
    x = node("Add", x, linear(mean, f"{k}.out", WIDTH, WIDTH))
    hidden = node("Gelu", linear(norm(x, f"{k}.norm2"), f"{k}.up", WIDTH, 4 * WIDTH, deviation=0.04, bias=0.05), approximate="tanh")
    return node("Add", x, linear(hidden, f"{k}.down", 4 * WIDTH, WIDTH))


def main(name):
    constant("heads", np.array([1, TOKENS, WIDTH // HEAD, HEAD]))
    constant("rows", np.array([1, TOKENS, WIDTH]))
    constant("thirds", np.array([WIDTH] * 3))
    constant("last", np.array([TOKENS - 1]))
    constant("scale", np.float32(HEAD**-0.5))
    constant("mask", np.triu(np.full((TOKENS, TOKENS), -1e9, np.float32), 1))
    x = node("Gather", weights("tokens", WORDS, WIDTH, deviation=0.14), "ids")
    x = node("Add", x, weights("positions", TOKENS, WIDTH))
    for k in range(LAYERS):
        x = block(x, k)
    x = norm(node("Gather", x, "last", axis=1), "norm")
    nodes.append(helper.make_node("MatMul", [x, node("Transpose", "tokens", perm=[1, 0])], ["scores"]))

    graph = helper.make_graph(
        nodes,
        "gpt2",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, TOKENS])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, WORDS])],
        constants,
    )
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(m, name + ".onnx", save_as_external_data=True, location=name.split("/")[-1] + ".bin", size_threshold=1024)
    np.savez(name + ".npz", ids=random.integers(0, WORDS, (8, TOKENS)))


main(sys.argv[1])
