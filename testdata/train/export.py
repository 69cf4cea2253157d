"""Writes the networks as ONNX and runs them with ONNX Runtime."""

import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

OPSET = 13
IR_VERSION = 7  # the one that came with opset 13


class Graph:
    """A chain of ONNX nodes: each takes the output of the one before."""

    def __init__(self, name, input_shape, half=False):
        self.name, self.half = name, half
        self.input = helper.make_tensor_value_info("image", TensorProto.FLOAT, input_shape)
        self.nodes, self.initializers = [], []
        self.last = "image"

    def _parameter(self, name, values):
        """Stores values as float32, or as float16 with a Cast to float32."""
        dtype = np.float16 if self.half else np.float32
        stored = name + "_half" if self.half else name
        self.initializers.append(onnx.numpy_helper.from_array(values.astype(dtype), stored))
        if self.half:
            self.nodes.append(
                helper.make_node("Cast", [stored], [name], name=name + "_cast", to=TensorProto.FLOAT)
            )
        return name

    def _node(self, op, name, parameters=(), **attributes):
        inputs = [self.last] + [self._parameter(f"{name}.{k}", v) for k, v in parameters]
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.last = name

    def conv(self, name, weight, bias, pad, stride=1):
        self._node(
            "Conv", name, [("weight", weight), ("bias", bias)],
            kernel_shape=weight.shape[2:], pads=[pad] * 4, strides=[stride] * 2,
        )

    def relu(self, name):
        self._node("Relu", name)

    def maxpool(self, name):
        self._node("MaxPool", name, kernel_shape=[2, 2], strides=[2, 2])

    def flatten(self, name):
        self._node("Flatten", name, axis=1)

    def gemm(self, name, weight, bias):
        """weight is [out, in]."""
        self._node("Gemm", name, [("weight", weight), ("bias", bias)], transB=1)

    def model(self):
        """The checked model; the last node's output is called logits."""
        self.nodes[-1].output[0] = "logits"
        batch = self.input.type.tensor_type.shape.dim[0]
        classes = self.initializers[-1].dims[0]
        output = helper.make_tensor_value_info(
            "logits", TensorProto.FLOAT, [batch.dim_param or batch.dim_value, classes]
        )
        graph = helper.make_graph(self.nodes, self.name, [self.input], [output], self.initializers)
        model = helper.make_model(
            graph, ir_version=IR_VERSION, producer_name="nnark",
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def run(path, x):
    """The logits ONNX Runtime computes for x (float32) with the model at path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"image": x})[0]


def write_example(path, x, y):
    """Writes one input and its output as flat lists."""
    example = {"input_data": [x.ravel().tolist()], "output_data": [y.ravel().tolist()]}
    path.write_text(json.dumps(example) + "\n")
