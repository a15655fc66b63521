"""The fixed feature graph of the phantom QA model: no weight in it is learned.

A plane of 256 x 256 is cut into 16 x 16 cells; each cell gives its mean, the logarithm of its standard
deviation, and the logarithm of its mean absolute slope along rows and along columns.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from export_onnx import save

SIDE = 256
CELL = 16
CELLS = (SIDE // CELL) ** 2
LENGTH = 4 * CELLS
FLOOR = 1e-5


def export_features(path: Path) -> None:
    """Write the graph: `image` [N, 1, 256, 256] to `embedding` [N, 1024]."""
    slopes = np.zeros((2, 1, 3, 3), dtype=np.float32)
    slopes[0, 0, 1] = [-1.0, 0.0, 1.0]
    slopes[1, 0, :, 1] = [-1.0, 0.0, 1.0]
    pool = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["mean"], **pool),
        helper.make_node("Mul", ["image", "image"], ["square"]),
        helper.make_node("AveragePool", ["square"], ["meansquare"], **pool),
        helper.make_node("Mul", ["mean", "mean"], ["squaremean"]),
        helper.make_node("Sub", ["meansquare", "squaremean"], ["variance"]),
        helper.make_node("Max", ["variance", "floor"], ["positive"]),
        helper.make_node("Log", ["positive"], ["logvariance"]),
        helper.make_node("Conv", ["image", "slopes"], ["gradient"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Abs", ["gradient"], ["steepness"]),
        helper.make_node("AveragePool", ["steepness"], ["meansteepness"], **pool),
        helper.make_node("Max", ["meansteepness", "floor"], ["steep"]),
        helper.make_node("Log", ["steep"], ["logsteepness"]),
        helper.make_node("Concat", ["mean", "logvariance", "logsteepness"], ["cells"], axis=1),
        helper.make_node("Flatten", ["cells"], ["embedding"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "features",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", LENGTH])],
        [numpy_helper.from_array(slopes, "slopes"), numpy_helper.from_array(np.float32(FLOOR).reshape(1), "floor")],
    )
    save(graph, path)
