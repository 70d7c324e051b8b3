"""The FID Inception of packages/metrics as an ONNX graph, from the same safetensors weights: gray bytes in, pool3 features out."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EPSILON = 1e-3  # batch norm's


class Graph:
    """Collects nodes and weights. Every method adds one node and returns its output's name."""

    def __init__(self, stored):
        self.stored, self.nodes, self.weights = stored, [], []

    def node(self, op, inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name, array):
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def conv(self, x, layer, stride=1, padding="same"):
        """Convolution with the batch norm folded in, then ReLU."""
        part = lambda kind: self.stored[f"layers.{layer}.{kind}"]
        gain = 1 / np.sqrt(part("var") + EPSILON)
        weight = self.constant(f"{layer}.weight", part("weight") * gain[:, None, None, None])
        bias = self.constant(f"{layer}.bias", part("beta") - part("mean") * gain)
        height, width = part("weight").shape[2:]
        pads = [height // 2, width // 2] * 2 if padding == "same" else [0] * 4
        return self.node("Relu", [self.node("Conv", [x, weight, bias], strides=[stride] * 2, pads=pads)])

    def chain(self, x, block, layers):
        for layer in layers:
            x = self.conv(x, f"{block}.{layer}")
        return x

    def average(self, x):
        return self.node("AveragePool", [x], kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1], count_include_pad=0)

    def maximum(self, x, stride, pad):
        return self.node("MaxPool", [x], kernel_shape=[3, 3], strides=[stride] * 2, pads=[pad] * 4)

    def join(self, branches):
        return self.node("Concat", branches, axis=1)


def wide_block(g, x, block):
    return g.join(
        [
            g.conv(x, f"{block}.conv"),
            g.chain(x, block, ["tower.conv", "tower.conv_1"]),
            g.chain(x, block, ["tower_1.conv", "tower_1.conv_1", "tower_1.conv_2"]),
            g.conv(g.average(x), f"{block}.tower_2.conv"),
        ]
    )


def first_reduction(g, x, block):
    tower = g.chain(x, block, ["tower.conv", "tower.conv_1"])
    direct = g.conv(x, f"{block}.conv", 2, "valid")
    return g.join([direct, g.conv(tower, f"{block}.tower.conv_2", 2, "valid"), g.maximum(x, 2, 0)])


def factored_block(g, x, block):
    return g.join(
        [
            g.conv(x, f"{block}.conv"),
            g.chain(x, block, ["tower.conv", "tower.conv_1", "tower.conv_2"]),
            g.chain(x, block, ["tower_1.conv"] + [f"tower_1.conv_{i}" for i in range(1, 5)]),
            g.conv(g.average(x), f"{block}.tower_2.conv"),
        ]
    )


def second_reduction(g, x, block):
    single = g.conv(g.conv(x, f"{block}.tower.conv"), f"{block}.tower.conv_1", 2, "valid")
    double = g.chain(x, block, ["tower_1.conv", "tower_1.conv_1", "tower_1.conv_2"])
    return g.join([single, g.conv(double, f"{block}.tower_1.conv_3", 2, "valid"), g.maximum(x, 2, 0)])


def forked_block(g, x, block, pool):
    fork = lambda y, tower: [g.conv(y, f"{block}.{tower}_mixed_conv"), g.conv(y, f"{block}.{tower}_mixed_conv_1")]
    single = g.conv(x, f"{block}.tower_conv")
    double = g.chain(x, block, ["tower_1_conv", "tower_1_conv_1"])
    pooled = g.conv(pool(x), f"{block}.tower_2_conv")
    return g.join([g.conv(x, f"{block}.conv"), *fork(single, "tower"), *fork(double, "tower_1"), pooled])


def to_input(g, side):
    """Bytes [b,1,side,side] → [b,3,299,299] in −1..1, by TensorFlow 1's bilinear resize."""
    x = g.node("Cast", ["images"], to=TensorProto.FLOAT)
    sizes = g.constant("scales", np.array([1, 1, 299 / side, 299 / side], np.float32))
    x = g.node("Resize", [x, "", sizes], mode="linear", coordinate_transformation_mode="asymmetric")
    x = g.node("Sub", [x, g.constant("centre", np.float32(128))])
    x = g.node("Mul", [x, g.constant("half", np.float32(1 / 128))])
    return g.join([x, x, x])


def build(stored, side):
    """`stored`: tensors of our weights file by name; `side` of the square gray images. → bytes of an ONNX model"""
    g = Graph(stored)
    x = g.conv(to_input(g, side), "conv", 2, "valid")
    x = g.conv(g.conv(x, "conv_1", 1, "valid"), "conv_2")
    x = g.conv(g.conv(g.maximum(x, 2, 0), "conv_3"), "conv_4", 1, "valid")
    x = g.maximum(x, 2, 0)
    for block in ["mixed", "mixed_1", "mixed_2"]:
        x = wide_block(g, x, block)
    x = first_reduction(g, x, "mixed_3")
    for block in ["mixed_4", "mixed_5", "mixed_6", "mixed_7"]:
        x = factored_block(g, x, block)
    x = second_reduction(g, x, "mixed_8")
    x = forked_block(g, x, "mixed_9", g.average)
    x = forked_block(g, x, "mixed_10", lambda y: g.maximum(y, 1, 1))
    features = g.node("Flatten", [g.node("GlobalAveragePool", [x])])
    inputs = [helper.make_tensor_value_info("images", TensorProto.UINT8, ["b", 1, side, side])]
    outputs = [helper.make_tensor_value_info(features, TensorProto.FLOAT, ["b", 2048])]
    graph = helper.make_graph(g.nodes, "inception", inputs, outputs, g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model.SerializeToString()
