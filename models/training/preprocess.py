"""Image preprocessing, defined step by step so that any language can repeat it exactly.

Every step works in float64; only the final tensor is rounded to float32.
"""

import math

import numpy as np

LOW_PERCENTILE = 0.5
HIGH_PERCENTILE = 99.5
WIDTH = 224
HEIGHT = 224
CHANNELS = 3
MEAN = [0.498039] * CHANNELS
STD = [0.501961] * CHANNELS

STEPS = [
    {"step": "modality-lut"},
    {"step": "monochrome2"},
    {"step": "percentile-window", "low": LOW_PERCENTILE, "high": HIGH_PERCENTILE},
    {"step": "resize", "width": WIDTH, "height": HEIGHT, "interpolation": "area"},
    {"step": "replicate-channels", "channels": CHANNELS},
    {"step": "normalise", "mean": MEAN, "std": STD},
]


def percentile_window(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map the nearest-rank percentiles low..high to 0..1 and clip; a flat image becomes 0.

    The percentile p of n sorted values is the value at index floor(p / 100 * (n - 1)).
    """
    ordered = np.sort(pixels, axis=None)
    last = ordered.size - 1
    lowest = ordered[math.floor(low / 100 * last)]
    highest = ordered[math.floor(high / 100 * last)]
    if highest == lowest:
        return np.zeros_like(pixels)
    return np.clip((pixels - lowest) / (highest - lowest), 0.0, 1.0)


def area_weights(source: int, target: int) -> np.ndarray:
    """Return the [target, source] matrix of the exact box average along one axis.

    Row i averages the source interval [i * source / target, (i + 1) * source / target);
    a source cell counts by the length of its overlap with the interval.
    """
    starts = np.arange(target, dtype=np.float64)[:, None] * source / target
    ends = np.arange(1, target + 1, dtype=np.float64)[:, None] * source / target
    cells = np.arange(source, dtype=np.float64)[None, :]
    overlap = np.minimum(ends, cells + 1) - np.maximum(starts, cells)
    return np.maximum(overlap, 0.0) / (source / target)


def resize_area(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretch an image to height x width with exact area averaging (rows, then columns)."""
    rows = area_weights(pixels.shape[0], height)
    columns = area_weights(pixels.shape[1], width)
    return rows @ pixels @ columns.T


def voi_linear(pixels: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Map a declared window to 0..1 by the LINEAR function of PS3.3 C.11.2.1.2.1; width 1 is a threshold."""
    middle = centre - 0.5
    half = (width - 1) / 2
    slope = (pixels - middle) / (width - 1) + 0.5 if width > 1 else np.zeros_like(pixels)
    return np.where(pixels <= middle - half, 0.0, np.where(pixels > middle + half, 1.0, slope))


def voi_linear_exact(pixels: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Map a header's window to 0..1 by the LINEAR_EXACT function of PS3.3 C.11.2.1.3.2."""
    slope = (pixels - centre) / width + 0.5
    return np.where(pixels <= centre - width / 2, 0.0, np.where(pixels > centre + width / 2, 1.0, slope))


def voi_sigmoid(pixels: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Map a header's window to 0..1 by the SIGMOID function of PS3.3 C.11.2.1.3.1."""
    return 1.0 / (1.0 + np.exp(-4.0 * (pixels - centre) / width))


def voi_table(pixels: np.ndarray, first: int, entries: np.ndarray, bits: int) -> np.ndarray:
    """Map values to 0..1 by a table of a VOI LUT Sequence (PS3.3 C.11.2.1.1); values outside take its ends."""
    cells = np.clip(np.floor(pixels + 0.5).astype(np.int64) - first, 0, len(entries) - 1)
    return np.minimum(1.0, np.asarray(entries, dtype=np.float64)[cells] / (2**bits - 1))


def crop(pixels: np.ndarray, top: float, bottom: float, left: float, right: float) -> np.ndarray:
    """Cut a box by fractions of the sides, from floor(start * size) up to floor(end * size); at least one cell."""

    def span(start: float, end: float, size: int) -> slice:
        first = min(size - 1, math.floor(start * size))
        return slice(first, first + max(1, math.floor(end * size) - first))

    rows, columns = pixels.shape
    return pixels[span(top, bottom, rows), span(left, right, columns)]


def centre_square(pixels: np.ndarray) -> np.ndarray:
    """Cut the largest centred square; an odd remainder is cut at the end."""
    rows, columns = pixels.shape
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    return pixels[top : top + side, left : left + side]


def linear_weights(source: int, target: int) -> np.ndarray:
    """Return the [target, source] matrix that interpolates between the two nearest cell centres."""
    at = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, source - 1)
    first = np.floor(at).astype(int)
    second = np.minimum(source - 1, first + 1)
    weights = np.zeros((target, source))
    np.add.at(weights, (np.arange(target), first), 1 - (at - first))
    np.add.at(weights, (np.arange(target), second), at - first)
    return weights


def resize_bilinear(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretch an image to height x width by bilinear interpolation, edges repeated, without a low-pass."""
    return linear_weights(pixels.shape[0], height) @ pixels @ linear_weights(pixels.shape[1], width).T


def resize_nearest(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretch an image to height x width by the cell that holds each target cell's centre."""
    rows = np.floor((np.arange(height) + 0.5) * (pixels.shape[0] / height)).astype(int)
    columns = np.floor((np.arange(width) + 0.5) * (pixels.shape[1] / width)).astype(int)
    return pixels[np.ix_(rows, columns)]


def window_and_resize(pixels: np.ndarray, monochrome1: bool = False) -> np.ndarray:
    """Run every step up to the resize; return the grey [224, 224] float64 image in 0..1.

    `pixels` holds the stored values after the modality LUT.
    """
    values = np.asarray(pixels, dtype=np.float64)
    if monochrome1:
        values = values.max() - values
    windowed = percentile_window(values, LOW_PERCENTILE, HIGH_PERCENTILE)
    return resize_area(windowed, HEIGHT, WIDTH)


def to_tensor(grey: np.ndarray) -> np.ndarray:
    """Replicate a grey image to the channels and normalise; return [3, H, W] float32."""
    channels = np.repeat(grey[None, :, :], CHANNELS, axis=0)
    mean = np.array(MEAN)[:, None, None]
    std = np.array(STD)[:, None, None]
    return ((channels - mean) / std).astype(np.float32)


def preprocess(pixels: np.ndarray, monochrome1: bool = False) -> np.ndarray:
    """Turn one image's pixels into the network input [3, 224, 224] float32."""
    return to_tensor(window_and_resize(pixels, monochrome1))
