"""Reading the NIH subset: images, labels and the declared patient split."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from preprocess import window_and_resize
from split import split_of_patient


@dataclass
class Cohort:
    """All images of one split part, in the order of index.csv."""

    patients: np.ndarray
    images: np.ndarray
    """Windowed and resized grey images [n, 224, 224] in 0..1."""
    pneumonia: np.ndarray
    anteroposterior: np.ndarray
    male: np.ndarray

    def __len__(self) -> int:
        return len(self.patients)


def read_pixels(path: Path) -> np.ndarray:
    """Read a radiograph as grey values; the NIH PNGs repeat one grey channel three times."""
    pixels = np.asarray(Image.open(path))
    return pixels if pixels.ndim == 2 else pixels[..., 0]


def index_rows(data: Path, part: str) -> list[dict]:
    """Return the rows of index.csv whose patients are in one part of the split."""
    with open(data / "index.csv", newline="", encoding="utf-8") as source:
        return [row for row in csv.DictReader(source) if split_of_patient(row["patient_id"]) == part]


def load_cohort(data: Path, part: str) -> Cohort:
    """Load the images and labels of the patients in one part of the split."""
    rows = index_rows(data, part)
    images = [window_and_resize(read_pixels(data / "png256" / row["file"])) for row in rows]

    def flags(column: str, value: str) -> np.ndarray:
        return np.array([float(row[column] == value) for row in rows])

    return Cohort(
        patients=np.array([row["patient_id"] for row in rows]),
        images=np.stack(images),
        pneumonia=flags("source_class", "Pneumonia"),
        anteroposterior=flags("view", "AP"),
        male=flags("sex", "M"),
    )
