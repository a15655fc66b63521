"""Seeded synthetic chest-like phantoms for golden tests: no patient data, marked PHANTOM."""

from dataclasses import dataclass

import numpy as np

FONT = {
    "P": ("####.", "#...#", "#...#", "####.", "#....", "#....", "#...."),
    "H": ("#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "A": (".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "N": ("#...#", "##..#", "#.#.#", "#.#.#", "#..##", "#...#", "#...#"),
    "T": ("#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."),
    "O": (".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."),
    "M": ("#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"),
}
WORD = "PHANTOM"
LETTER_ADVANCE = 6
TEXT_LEVEL = 255
RIBS = 8


@dataclass(frozen=True)
class PhantomSpec:
    """Size and seed of one phantom, and the strength of its lower-zone opacity."""

    seed: int
    height: int
    width: int
    opacity: float


GOLDEN_SPECS = [
    PhantomSpec(seed=101, height=256, width=256, opacity=0.0),
    PhantomSpec(seed=202, height=300, width=320, opacity=0.35),
    PhantomSpec(seed=303, height=200, width=180, opacity=0.15),
    PhantomSpec(seed=404, height=512, width=448, opacity=0.5),
]


def make_phantom(spec: PhantomSpec) -> np.ndarray:
    """Draw the phantom as an 8-bit grey image [height, width]."""
    random = np.random.default_rng(spec.seed)
    down, across = np.mgrid[0 : spec.height, 0 : spec.width].astype(np.float64)
    y, x = down / (spec.height - 1), across / (spec.width - 1)
    tilt = random.uniform(-0.02, 0.02)

    image = 0.08 + 0.62 * _ellipse(x, y, 0.5, 0.62, 0.47, 0.62)
    for side in (-1, 1):
        image -= 0.42 * _ellipse(x, y, 0.5 + side * 0.21, 0.46 + side * tilt, 0.15, 0.33)
    for rib in range(RIBS):
        centre = 0.16 + 0.085 * rib + 0.35 * (x - 0.5) ** 2 * (1 + tilt)
        image += 0.07 * np.exp(-(((y - centre) / 0.012) ** 2)) * _ellipse(x, y, 0.5, 0.5, 0.4, 0.45)
    image += 0.22 * np.exp(-(((x - 0.5) / 0.035) ** 2))
    image += 0.25 * _ellipse(x, y, 0.55, 0.64, 0.14, 0.15)
    image += 0.30 * _ellipse(x, y, 0.5, 0.98, 0.48, 0.22)
    image += spec.opacity * _ellipse(x, y, 0.29 + tilt, 0.66, 0.09, 0.12)
    image += random.normal(0.0, 0.015, image.shape)

    pixels = np.clip(np.rint(image * 230), 0, 240).astype(np.uint8)
    _write_word(pixels, scale=max(1, spec.width // 160))
    return pixels


def _ellipse(x: np.ndarray, y: np.ndarray, cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    """Return a soft-edged ellipse: near 1 inside, near 0 outside."""
    distance = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)
    return 1.0 / (1.0 + np.exp(np.clip((distance - 1.0) * 24.0, -60.0, 60.0)))


def _write_word(pixels: np.ndarray, scale: int) -> None:
    """Burn the word into the upper left corner, each font dot `scale` pixels wide."""
    margin = 4 * scale
    for index, letter in enumerate(WORD):
        for row, dots in enumerate(FONT[letter]):
            for column, dot in enumerate(dots):
                if dot == "#":
                    top = margin + row * scale
                    left = margin + (index * LETTER_ADVANCE + column) * scale
                    pixels[top : top + scale, left : left + scale] = TEXT_LEVEL
