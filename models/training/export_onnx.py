"""Writing the backbone and the head as ONNX graphs of plain, widely supported operators."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from linear import LinearHead
from network import Backbone, Convolution, same_padding

OPSET = 17
IR_VERSION = 8
PRODUCER = "leadglass-models"


class GraphWriter:
    """Collects nodes and initialisers, and knows the current value and its image size."""

    def __init__(self, source: str, size: int):
        self.current = source
        self.size = size
        self.nodes: list = []
        self.initializers: list = []
        self.constant("zero", np.array(0.0))
        self.constant("six", np.array(6.0))

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a float32 initialiser and return its name."""
        self.initializers.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes) -> None:
        """Append a node that makes `output` the current value."""
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        self.current = output

    def convolution(self, name: str, layer: Convolution) -> None:
        """Append a convolution with its batch norm folded into weights and bias."""
        weight, bias = folded(layer)
        before, after = same_padding(self.size, layer.kernel, layer.stride)
        inputs = [self.current, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        self.node(
            "Conv",
            inputs,
            f"{name}.out",
            kernel_shape=[layer.kernel, layer.kernel],
            strides=[layer.stride, layer.stride],
            pads=[before, before, after, after],
            group=layer.convolution.groups,
        )
        self.size = -(-self.size // layer.stride)
        if layer.relu:
            self.node("Clip", [self.current, "zero", "six"], f"{name}.relu6")


def folded(layer: Convolution) -> tuple[np.ndarray, np.ndarray]:
    """Return the convolution's weight and bias with the batch norm folded in."""
    state = {key: value.detach().double().numpy() for key, value in layer.norm.state_dict().items()}
    factor = state["weight"] / np.sqrt(state["running_var"] + layer.norm.eps)
    weight = layer.convolution.weight.detach().double().numpy() * factor[:, None, None, None]
    return weight, state["bias"] - state["running_mean"] * factor


def export_backbone(backbone: Backbone, size: int, length: int, path: Path) -> None:
    """Write the backbone: `image` [N, 3, size, size] to `embedding` [N, length]."""
    writer = GraphWriter("image", size)
    writer.convolution("stem", backbone.stem)
    for index, block in enumerate(backbone.blocks):
        entry = writer.current
        for name, layer in block.layers.named_children():
            writer.convolution(f"block{index}.{name}", layer)
        if block.skip:
            writer.node("Add", [writer.current, entry], f"block{index}.sum")
    writer.node("GlobalAveragePool", [writer.current], "pooled")
    writer.node("Flatten", [writer.current], "embedding", axis=1)
    graph = helper.make_graph(
        writer.nodes,
        "backbone",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", length])],
        writer.initializers,
    )
    save(graph, path)


def export_head(head: LinearHead, path: Path) -> None:
    """Write the head: `embedding` [N, D] to `probability` [N, 1]."""
    export_heads([head], path)


def export_heads(heads: list[LinearHead], path: Path) -> None:
    """Write heads of one standardisation side by side: `embedding` [N, D] to `probability` [N, heads]."""
    length = len(heads[0].mean)
    values = {
        "mean": heads[0].mean,
        "scale": heads[0].scale,
        "weight": np.stack([head.weight for head in heads], axis=1),
        "bias": np.array([head.bias for head in heads]),
    }
    nodes = [
        helper.make_node("Sub", ["embedding", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["standardised"]),
        helper.make_node("MatMul", ["standardised", "weight"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "head",
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", length])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", len(heads)])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in values.items()],
    )
    save(graph, path)


def save(graph: onnx.GraphProto, path: Path) -> None:
    """Write a graph as a model file, checked; the same graph gives the same bytes."""
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name=PRODUCER, ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
