"""Measuring the heads for view and quality on patients that trained nothing."""

from pathlib import Path

import numpy as np
import onnxruntime

from dataset import Cohort
from degrade import LABELS
from evaluate import PackageRunner
from metrics import delong, wilson


def run_head(path: Path, embeddings: np.ndarray) -> np.ndarray:
    """Return the probabilities [n, outputs] of a head graph on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(["probability"], {"embedding": embeddings})[0].astype(np.float64)


def measure_heads(package: Path, cohort: Cohort, degraded, thresholds: dict[str, int]) -> list[dict]:
    """Return the card's figures of every new output on one part: view on the images, quality on their variants."""
    embeddings = PackageRunner(package).embed_images(degraded.images)
    view = run_head(package / "view.onnx", embeddings[: len(cohort)])[:, 0]
    quality = run_head(package / "quality.onnx", embeddings)
    patients = cohort.patients
    positive = cohort.pneumonia > 0
    sides = {"pneumonia": positive, "no finding": ~positive, "male": cohort.male > 0, "female": cohort.male == 0}
    figures = _figures("view.ap", view, cohort.anteroposterior, patients, thresholds["view.ap"])
    for name, rows in sides.items():
        area = delong(view[rows], cohort.anteroposterior[rows], patients[rows])
        figures.append(_entry("view.ap", f"auc within {name}", area, patients[rows], "DeLong 95 %, patients as clusters"))
    for index, label in enumerate(LABELS):
        code, scores, labels = f"quality.{label}", quality[:, index], degraded.labels[:, index]
        figures += _figures(code, scores, labels, patients[degraded.rows], thresholds[code])
        untouched = degraded.labels.sum(axis=1) == 0
        called = scores[untouched] * 1000 >= thresholds[code]
        alarm = wilson(int(called.sum()), int(untouched.sum()))
        figures.append(
            _entry(code, "called on untouched images", alarm, patients[degraded.rows][untouched], "Wilson 95 %")
        )
    return figures


def _figures(code: str, scores: np.ndarray, labels: np.ndarray, patients: np.ndarray, threshold: int) -> list[dict]:
    called = scores * 1000 >= threshold
    hits, misses = labels > 0, labels == 0
    return [
        _entry(code, "auc", delong(scores, labels), patients, "DeLong 95 %"),
        _entry(code, "auc", delong(scores, labels, patients), patients, "DeLong 95 %, patients as clusters"),
        _entry(code, "sensitivity", wilson(int(called[hits].sum()), int(hits.sum())), patients[hits], "Wilson 95 %"),
        _entry(code, "specificity", wilson(int((~called)[misses].sum()), int(misses.sum())), patients[misses], "Wilson 95 %"),
    ]


def _entry(code: str, metric: str, estimate, patients: np.ndarray, interval: str) -> dict:
    return {
        "output": code,
        "split": "test",
        "metric": metric,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "interval": interval,
        "patients": len(np.unique(patients)),
        "images": len(patients),
    }
