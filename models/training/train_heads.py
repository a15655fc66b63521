"""Add the heads for view and quality to the shipped backbone: package version 1.1.0. No torch is needed.

    python train_heads.py --data ../../../shared/data/cxr-nih --base ../packages/chest-radiograph/1.0.0 \\
        --out ../packages/chest-radiograph/1.1.0

Backbone and pneumonia head are the base's files, byte for byte. The new heads are fitted on embeddings of
'shipped' patients; thresholds, and penalties of the quality heads, come from patient-grouped cross-validation of the
heads. The backbone itself has seen all of these patients, their view too, so the view head keeps the penalty that the
base chose with backbones trained without each fold. 'test' is read at the end.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset import index_rows, load_cohort, read_pixels
from degrade import LABELS, VARIANTS, degrade, labels_of
from evaluate import PackageRunner
from export_onnx import export_heads
from heads_card import heads_card
from heads_evaluate import measure_heads
from heads_package import VERSION, golden_outputs, write_manifest
from linear import LinearHead, fit_head
from metrics import log_loss, youden_threshold
from package import digest, write_json
from preprocess import window_and_resize
from reference import score_histogram
from folds import FOLDS, PENALTIES, patient_folds

UNCHANGED = ("backbone.onnx", "head.onnx", "LICENSE-Apache-2.0.txt")


@dataclass
class Degraded:
    """Images of one part under every variant: variant-major, images in the order of index.csv."""

    images: np.ndarray
    labels: np.ndarray
    """[variants * n, 3] in the order of degrade.LABELS."""
    rows: np.ndarray
    """Which image of the part each one was made of."""


@dataclass
class Fitted:
    """One head and what chose its penalty and threshold."""

    head: LinearHead
    penalty: float
    threshold_milli: int
    out_of_fold: np.ndarray
    loss: float


def load_degraded(data: Path, part: str) -> Degraded:
    """Make every variant of every image of a part."""
    rows = index_rows(data, part)
    pixels = [read_pixels(data / "png256" / row["file"]) for row in rows]
    images, labels = [], []
    for variant in VARIANTS:
        images += [window_and_resize(degrade(p, variant, row["file"])) for p, row in zip(pixels, rows)]
        labels += [labels_of(variant)] * len(rows)
    return Degraded(np.stack(images), np.array(labels), np.tile(np.arange(len(rows)), len(VARIANTS)))


def fit(embeddings: np.ndarray, folds: np.ndarray, labels: np.ndarray, penalties: list[float]) -> Fitted:
    """Choose the penalty by out-of-fold log loss and fit the head on everything."""
    best = None
    for penalty in penalties:
        values = np.empty(len(labels))
        for fold in range(FOLDS):
            train = folds != fold
            values[~train] = fit_head(embeddings[train], labels[train], penalty).probability(embeddings[~train])
        loss = log_loss(values, labels)
        if best is None or loss < best.loss:
            head = fit_head(embeddings, labels, penalty)
            best = Fitted(head, penalty, youden_threshold(values, labels), values, loss)
    return best


def main() -> None:
    """Run the whole chain and print a JSON summary."""
    parser = argparse.ArgumentParser(description="Add heads for view and quality to the shipped backbone.")
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv and png256/")
    parser.add_argument("--base", type=Path, required=True, help="package 1.0.0")
    parser.add_argument("--out", type=Path, required=True, help="package folder to (over)write")
    arguments = parser.parse_args()
    base, out = arguments.base, arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for name in UNCHANGED:
        shutil.copyfile(base / name, out / name)
    base_card = json.loads((base / "card.json").read_text(encoding="utf-8"))

    shipped = load_cohort(arguments.data, "shipped")
    degraded = load_degraded(arguments.data, "shipped")
    runner = PackageRunner(base)
    embeddings = runner.embed_images(degraded.images)
    training = base_card["training"]
    folds = patient_folds(shipped.patients, training["seed"])
    plain = slice(0, len(shipped))
    view = fit(embeddings[plain], folds, shipped.anteroposterior, [training["chosenPenalty"]])
    quality = [
        fit(embeddings, folds[degraded.rows], degraded.labels[:, index], PENALTIES) for index in range(len(LABELS))
    ]
    export_heads([view.head], out / "view.onnx")
    export_heads([one.head for one in quality], out / "quality.onnx")

    golden_outputs(base, out)
    reference = json.loads((base / "reference.json").read_text(encoding="utf-8"))
    clean = {"score.view.ap": view.out_of_fold}
    clean |= {f"score.quality.{name}": one.out_of_fold[plain] for name, one in zip(LABELS, quality)}
    reference["features"] += [score_histogram(name, scores) for name, scores in clean.items()]
    write_json(out / "reference.json", reference)
    notice = (base / "NOTICE.md").read_text(encoding="utf-8")
    notice = notice.replace("chest-radiograph 1.0.0", f"chest-radiograph {VERSION}")
    (out / "NOTICE.md").write_text(notice, encoding="utf-8")

    test, hard = load_cohort(arguments.data, "test"), load_degraded(arguments.data, "test")
    thresholds = {"view.ap": view.threshold_milli}
    thresholds |= {f"quality.{name}": one.threshold_milli for name, one in zip(LABELS, quality)}
    metrics = measure_heads(out, test, hard, thresholds)
    fitted = {"view.ap": view} | {f"quality.{name}": one for name, one in zip(LABELS, quality)}
    write_json(out / "card.json", heads_card(base_card, fitted, metrics))
    write_manifest(base, out, thresholds)
    print(json.dumps({"digest": digest(out), "thresholds": thresholds, "test": metrics}, indent=2))


if __name__ == "__main__":
    main()
