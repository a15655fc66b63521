"""Running a model package through onnxruntime and measuring it on one part of the split.

    python evaluate.py --data ../../../shared/data/cxr-nih --part test
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

from dataset import Cohort, load_cohort
from metrics import Estimate, auc, brier, delong, log_loss, wilson
from preprocess import to_tensor

PACKAGE = Path(__file__).resolve().parent.parent / "packages" / "chest-radiograph" / "1.0.0"
BATCH = 16


class PackageRunner:
    """The package's two graphs on one CPU thread."""

    def __init__(self, package: Path):
        self._backbone = _session(package / "backbone.onnx")
        self._head = _session(package / "head.onnx")

    def embed(self, tensors: np.ndarray) -> np.ndarray:
        """Return the embeddings of network inputs [n, 3, 224, 224]."""
        return self._backbone.run(["embedding"], {"image": tensors})[0]

    def probability(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the probabilities [n] of embeddings."""
        return self._head.run(["probability"], {"embedding": embeddings})[0][:, 0]

    def embed_images(self, images: np.ndarray) -> np.ndarray:
        """Return the embeddings of windowed and resized grey images."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return np.concatenate([self.embed(np.stack([to_tensor(i) for i in batch])) for batch in batches])


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def measure(probabilities: np.ndarray, cohort: Cohort, part: str, threshold_milli: int) -> list[dict]:
    """Return every figure of the card's metrics list for one part of the split."""
    labels = cohort.pneumonia
    everyone = np.ones(len(cohort), dtype=bool)
    anteroposterior = cohort.anteroposterior > 0
    called = probabilities * 1000 >= threshold_milli

    def entry(name: str, rows: np.ndarray, figures: dict) -> dict:
        patients = len(np.unique(cohort.patients[rows]))
        return {"split": part, "metric": name, **figures, "patients": patients, "images": int(rows.sum())}

    def auc_entry(name: str, rows: np.ndarray) -> dict:
        return entry(name, rows, _interval(delong(probabilities[rows], labels[rows]), "DeLong 95 %"))

    def share_entry(name: str, rows: np.ndarray, hits: np.ndarray) -> dict:
        figures = _interval(wilson(int(hits[rows].sum()), int(rows.sum())), "Wilson 95 %")
        return entry(name, rows, {**figures, "thresholdMilli": threshold_milli})

    clustered = delong(probabilities, labels, cohort.patients)
    male = cohort.male > 0
    return [
        auc_entry("auc", everyone),
        entry("auc", everyone, _interval(clustered, "DeLong 95 %, patients as clusters (Obuchowski 1997)")),
        auc_entry("auc within AP", anteroposterior),
        auc_entry("auc within PA", ~anteroposterior),
        auc_entry("auc within male", male),
        auc_entry("auc within female", ~male),
        share_entry("sensitivity", labels > 0, called),
        share_entry("specificity", labels == 0, ~called),
        share_entry("sensitivity within AP", (labels > 0) & anteroposterior, called),
        share_entry("specificity within AP", (labels == 0) & anteroposterior, ~called),
        share_entry("sensitivity within PA", (labels > 0) & ~anteroposterior, called),
        share_entry("specificity within PA", (labels == 0) & ~anteroposterior, ~called),
        entry("brier score", everyone, {"value": brier(probabilities, labels)}),
        entry("log loss", everyone, {"value": log_loss(probabilities, labels)}),
        entry("mean probability", everyone, {"value": float(probabilities.mean())}),
        entry("observed share of positives", everyone, {"value": float(labels.mean())}),
    ]


def view_leak(probabilities: np.ndarray, cohort: Cohort) -> dict:
    """Return how well the pneumonia score alone tells PA from AP images."""
    negative = cohort.pneumonia == 0
    projection = 1.0 - cohort.anteroposterior
    return {
        "aucOfScoreForViewPa": _interval(delong(probabilities, projection), "DeLong 95 %"),
        "aucOfScoreForViewPaAmongNoFinding": auc(probabilities[negative], projection[negative]),
        "aucOfViewAloneForLabel": auc(projection, cohort.pneumonia),
    }


def _interval(estimate: Estimate, name: str) -> dict:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "interval": name}


def main() -> None:
    """Print the figures of a package on one part as JSON."""
    parser = argparse.ArgumentParser(description="Measure a model package on one part of the split.")
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv and png256/")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="package folder")
    parser.add_argument("--part", choices=["shipped", "site", "test"], required=True)
    arguments = parser.parse_args()

    manifest = json.loads((arguments.package / "manifest.json").read_text(encoding="utf-8"))
    threshold_milli = manifest["outputs"][0]["operatingPoint"]["thresholdMilli"]
    cohort = load_cohort(arguments.data, arguments.part)
    runner = PackageRunner(arguments.package)
    probabilities = runner.probability(runner.embed_images(cohort.images)).astype(np.float64)
    result = {
        "metrics": measure(probabilities, cohort, arguments.part, threshold_milli),
        "viewLeak": view_leak(probabilities, cohort),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
