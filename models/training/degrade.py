"""Declared degradations of a radiograph, for the quality heads: what is learned is this, not real faults.

Every operation is defined in integers, IEEE arithmetic and one small random stream, so that another
language (appliance/scoring/testing/degrade.ts) makes the same pixels from the same file name.
"""

import hashlib

import numpy as np

LARGEST = 255
LOST_SHARE = 0.45
NOISE = 3.0
LABELS = ("inverted", "rotated", "exposure")
VARIANTS = ("", "inverted", "rotated", "clipped", "noisy", "inverted rotated", "rotated noisy", "inverted clipped")
STATE_STEP = 0x6D2B79F5


def uniform(seed: int, count: int) -> np.ndarray:
    """Return the first `count` numbers in [0, 1) of the mulberry32 stream of a seed."""
    steps = np.arange(1, count + 1, dtype=np.uint64)
    state = ((np.uint64(seed) + steps * np.uint64(STATE_STEP)) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    with np.errstate(over="ignore"):
        mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
    return (mixed ^ (mixed >> np.uint32(14))).astype(np.float64) / 4294967296.0


def seed_of(name: str) -> int:
    """Return the seed of a file: the first four bytes, big-endian, of SHA-256 of its name."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:4], "big")


def degrade(pixels: np.ndarray, variant: str, name: str) -> np.ndarray:
    """Return an 8-bit image with the operations that the variant names, in a fixed order.

    clipped: the darkest LOST_SHARE of the values become one value. noisy: noise that grows with the
    square root of the value. inverted: LARGEST minus the value. rotated: one, two or three quarter turns
    to the left.
    """
    seed = seed_of(name)
    values = pixels.astype(np.float64)
    if "clipped" in variant:
        ordered = np.sort(values, axis=None)
        values = np.maximum(values - ordered[int(np.floor(LOST_SHARE * (ordered.size - 1)))], 0.0)
    if "noisy" in variant:
        noise = uniform(seed, 4 * values.size).reshape(-1, 4)
        total = ((noise[:, 0] + noise[:, 1]) + noise[:, 2]) + noise[:, 3] - 2.0
        values = np.floor(values + NOISE * np.sqrt(values + 1.0) * total.reshape(values.shape) + 0.5)
        values = np.clip(values, 0.0, LARGEST)
    if "inverted" in variant:
        values = LARGEST - values
    if "rotated" in variant:
        values = np.rot90(values, 1 + seed % 3)
    return np.ascontiguousarray(values).astype(np.uint8)


def labels_of(variant: str) -> tuple[float, float, float]:
    """Return what a variant is, in the order of LABELS."""
    exposure = "clipped" in variant or "noisy" in variant
    return (float("inverted" in variant), float("rotated" in variant), float(exposure))
