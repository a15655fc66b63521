"""Random views of a radiograph for fine-tuning: small geometry, contrast, blur and noise."""

import math

import numpy as np
import torch
from torch.nn import functional

from declared_augmentation import augment_declared

MAX_ROTATION_DEGREES = 8.0
MAX_SCALE = 0.10
MAX_SHIFT = 0.08
MAX_GAMMA = 0.35
MAX_BLUR_SIGMA = 1.2
MAX_NOISE = 0.03


def augment(image: np.ndarray, random: np.random.Generator, training: dict | None = None) -> np.ndarray:
    """Return a randomly changed copy of a grey image in 0..1.

    `training` is that member of a package's manifest: then the changes are the declared ones.
    """
    if training is not None:
        return augment_declared(image, training, int(random.integers(2**32)))
    changed = _warp(image, random) ** math.exp(random.uniform(-MAX_GAMMA, MAX_GAMMA))
    blurred = _blur(changed, random.uniform(0.0, MAX_BLUR_SIGMA))
    noise = random.normal(0.0, random.uniform(0.0, MAX_NOISE), image.shape)
    return np.clip(blurred + noise, 0.0, 1.0)


def _warp(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rotate, scale, shift and, half of the time, mirror the image."""
    angle = math.radians(random.uniform(-MAX_ROTATION_DEGREES, MAX_ROTATION_DEGREES))
    scale = 1.0 + random.uniform(-MAX_SCALE, MAX_SCALE)
    shift_x, shift_y = random.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    mirror = -1.0 if random.random() < 0.5 else 1.0
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    matrix = torch.tensor([[[mirror * cosine, -sine, shift_x], [mirror * sine, cosine, shift_y]]])
    source = torch.from_numpy(image)[None, None].float()
    grid = functional.affine_grid(matrix.float(), list(source.shape), align_corners=False)
    warped = functional.grid_sample(source, grid, padding_mode="border", align_corners=False)
    return np.clip(warped[0, 0].numpy().astype(np.float64), 0.0, 1.0)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blur with a 7-tap Gaussian along both axes, repeating the border."""
    if sigma < 0.2:
        return image
    taps = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    taps /= taps.sum()
    padded = np.pad(image, 3, mode="edge")
    height, width = image.shape
    rows = sum(tap * padded[i : i + height, :] for i, tap in enumerate(taps))
    return sum(tap * rows[:, i : i + width] for i, tap in enumerate(taps))
