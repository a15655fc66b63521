"""Random views of a training image as a package declares them (`training.augmentation`).

The same seed draws the same numbers as `models/augmentation/draw.ts`, and the changes are the same
to the last digits that floating point leaves open.
"""

import json
import math
from pathlib import Path

import numpy as np

MASK = 0xFFFFFFFF


class SplitMix:
    """SplitMix32: numbers in 0..1 of a seed."""

    def __init__(self, seed: int) -> None:
        self.state = seed & MASK

    def number(self) -> float:
        """Return the next number."""
        self.state = (self.state + 0x9E3779B9) & MASK
        mixed = self.state ^ (self.state >> 16)
        mixed = (mixed * 0x21F0AAAD) & MASK
        mixed ^= mixed >> 15
        mixed = (mixed * 0x735A2D97) & MASK
        mixed ^= mixed >> 15
        return mixed / 2**32

    def about(self, bound: float) -> float:
        """Return a number from -bound to bound."""
        return (2 * self.number() - 1) * bound

    def normal(self) -> float:
        """Return a normally distributed number (Box and Muller)."""
        radius = math.sqrt(-2 * math.log(1 - self.number()))
        return radius * math.cos(2 * math.pi * self.number())


def augment_declared(image: np.ndarray, training: dict, seed: int) -> np.ndarray:
    """Return a changed copy of a grey image in 0..1, as the member `training` of a manifest says."""
    steps = training["augmentation"]
    flips = any(step["step"].startswith("flip-") for step in steps)
    if flips and training["laterality"] != "does-not-matter":
        raise ValueError("a flip is refused where laterality matters")
    random = SplitMix(seed)
    drawn = [_draw(step, random) for step in steps]
    for name, values in drawn:
        image = _CHANGES[name](image, *values)
    return image


def _draw(step: dict, random: SplitMix) -> tuple[str, tuple]:
    name = step["step"]
    if name in ("flip-horizontal", "flip-vertical"):
        return (name if random.number() < step["probability"] else "keep"), ()
    if name == "affine":
        radians = random.about(step["rotationDegrees"]) * math.pi / 180
        scale = 1 + random.about(step["scale"])
        return name, (radians, scale, random.about(step["shift"]), random.about(step["shift"]))
    if name == "contrast-brightness":
        return name, (1 + random.about(step["contrast"]), random.about(step["brightness"]))
    if name == "gaussian-noise":
        return name, (random.number() * step["deviation"], math.floor(random.number() * 2**32))
    raise ValueError(f"unknown step {name}")


def _affine(image: np.ndarray, radians: float, scale: float, shift_x: float, shift_y: float) -> np.ndarray:
    rows, columns = image.shape
    middle_x, middle_y = (columns - 1) / 2, (rows - 1) / 2
    cosine, sine = math.cos(radians) / scale, math.sin(radians) / scale
    x = np.arange(columns, dtype=np.float64)[None, :] - middle_x - shift_x * columns
    y = np.arange(rows, dtype=np.float64)[:, None] - middle_y - shift_y * rows
    from_x = np.clip(cosine * x + sine * y + middle_x, 0, columns - 1)
    from_y = np.clip(cosine * y - sine * x + middle_y, 0, rows - 1)
    left, top = np.floor(from_x).astype(int), np.floor(from_y).astype(int)
    right, bottom = np.minimum(columns - 1, left + 1), np.minimum(rows - 1, top + 1)
    upper = image[top, left] + (image[top, right] - image[top, left]) * (from_x - left)
    lower = image[bottom, left] + (image[bottom, right] - image[bottom, left]) * (from_x - left)
    return upper + (lower - upper) * (from_y - top)


def _contrast(image: np.ndarray, contrast: float, brightness: float) -> np.ndarray:
    return np.clip((image - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0)


def _noise(image: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    random = SplitMix(seed)
    noise = np.array([random.normal() for _ in range(image.size)]).reshape(image.shape)
    return np.clip(image + deviation * noise, 0.0, 1.0)


_CHANGES = {
    "keep": lambda image: image,
    "flip-horizontal": lambda image: image[:, ::-1],
    "flip-vertical": lambda image: image[::-1, :],
    "affine": _affine,
    "contrast-brightness": _contrast,
    "gaussian-noise": _noise,
}


def write_golden(path: Path) -> None:
    """Write what TypeScript must make of the same steps, image and seeds."""
    steps = [
        {"step": "flip-horizontal", "probability": 0.5},
        {"step": "flip-vertical", "probability": 0.5},
        {"step": "affine", "rotationDegrees": 10, "scale": 0.1, "shift": 0.08},
        {"step": "contrast-brightness", "contrast": 0.3, "brightness": 0.1},
        {"step": "gaussian-noise", "deviation": 0.05},
    ]
    training = {"laterality": "does-not-matter", "augmentation": steps}
    image = np.array([((i * 37) % 101) / 100 for i in range(35)]).reshape(5, 7)
    cases = [
        {"seed": seed, "values": augment_declared(image, training, seed).ravel().tolist()}
        for seed in (1, 2, 3, 7)
    ]
    made = {"madeBy": "models/training/declared_augmentation.py", "training": training}
    content = made | {"rows": 5, "columns": 7, "cases": cases}
    path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    write_golden(Path(__file__).parent.parent / "augmentation" / "python-golden.json")
