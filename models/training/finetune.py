"""Fine-tuning the last blocks of the backbone on several tasks at once.

The first blocks stay as ImageNet left them, so their activations are computed once per
(augmented) image and kept; only the later blocks run in every epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from augment import augment
from network import Backbone, load_imagenet_weights
from preprocess import to_tensor

DEPTH = 11
FROZEN_BLOCKS = 5
TEXTURE_BLOCKS = 3
VIEWS = 8
EMBEDDING_LENGTH = 112
BATCH = 16
BACKBONE_RATE = 2e-4
TASK_RATE = 3e-3
WEIGHT_DECAY = 1e-2
DROPOUT = 0.3


@dataclass
class Activations:
    """Outputs of the frozen blocks: of the plain images and of several random views each."""

    plain: torch.Tensor
    views: torch.Tensor


def new_backbone() -> Backbone:
    """Return the truncated ImageNet backbone with fixed batch-norm statistics."""
    backbone = Backbone(DEPTH)
    load_imagenet_weights(backbone)
    return backbone.eval()


def frozen_activations(images: np.ndarray, seed: int) -> Activations:
    """Run the frozen blocks over the images and over VIEWS random views of each."""
    random = np.random.default_rng(seed)
    backbone = new_backbone()
    plain = _run_frozen(backbone, images)
    augmented = [
        _run_frozen(backbone, np.stack([augment(image, random) for image in images]))
        for _ in range(VIEWS)
    ]
    return Activations(plain, torch.stack(augmented, dim=1))


@torch.no_grad()
def _run_frozen(backbone: Backbone, images: np.ndarray) -> torch.Tensor:
    outputs = []
    for start in range(0, len(images), BATCH):
        values = torch.from_numpy(np.stack([to_tensor(i) for i in images[start : start + BATCH]]))
        values = backbone.stem(values)
        for block in backbone.blocks[:FROZEN_BLOCKS]:
            values = block(values)
        outputs.append(values)
    return torch.cat(outputs)


def pool(backbone: Backbone, activations: torch.Tensor) -> torch.Tensor:
    """Run the trainable blocks and average over the image: the embedding."""
    return backbone.run_from(FROZEN_BLOCKS, activations).mean(dim=(2, 3))


@torch.no_grad()
def texture_features(images: np.ndarray) -> np.ndarray:
    """Return the channel means after the first untrained blocks: fine texture, no anatomy."""
    backbone = Backbone(TEXTURE_BLOCKS)
    load_imagenet_weights(backbone)
    backbone.eval()
    tensors = torch.from_numpy(np.stack([to_tensor(image) for image in images]))
    return torch.cat([backbone(part).mean(dim=(2, 3)) for part in tensors.split(BATCH)]).numpy()


@torch.no_grad()
def embed(backbone: Backbone, activations: torch.Tensor) -> np.ndarray:
    """Return the embeddings of precomputed activations."""
    return torch.cat([pool(backbone, part) for part in activations.split(32)]).numpy()


def finetune(
    activations: Activations, targets: np.ndarray, weights: np.ndarray, epochs: int, seed: int
) -> Iterator[Backbone]:
    """Yield the backbone after each epoch of multi-task training.

    `targets` is [n, tasks] in 0/1, `weights` is [n, tasks]. Batch-norm statistics stay fixed.
    """
    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    backbone = new_backbone()
    start = torch.from_numpy(embed(backbone, activations.plain))
    mean, scale = start.mean(0), start.std(0)
    tasks = nn.Linear(EMBEDDING_LENGTH, targets.shape[1])
    nn.init.zeros_(tasks.weight)
    trainable = [p for block in backbone.blocks[FROZEN_BLOCKS:] for p in block.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": trainable, "lr": BACKBONE_RATE}, {"params": tasks.parameters(), "lr": TASK_RATE}],
        weight_decay=WEIGHT_DECAY,
    )
    target, weight = torch.from_numpy(targets).float(), torch.from_numpy(weights).float()
    count, views = activations.views.shape[:2]
    for _ in range(epochs):
        chosen = torch.randint(views, (count,), generator=order)
        for batch in torch.randperm(count, generator=order).split(BATCH):
            embedding = pool(backbone, activations.views[batch, chosen[batch]])
            logits = tasks(functional.dropout((embedding - mean) / scale, DROPOUT))
            loss = functional.binary_cross_entropy_with_logits(logits, target[batch], weight[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        yield backbone
