"""Assembling the files of a model package and its canonical manifest."""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from canonical import canonical_json
from evaluate import PackageRunner
from phantom import GOLDEN_SPECS, make_phantom
from preprocess import CHANNELS, HEIGHT, STEPS, WIDTH, preprocess
from split import SPLIT_NAME

NAME = "chest-radiograph"
VERSION = "1.0.0"
RELEASE_COUNTER = 1
MANIFEST = "manifest.json"
GOLDEN_TOLERANCE = 0.001
GOLDEN_VALUES = 16


def write_json(path: Path, value: dict) -> None:
    """Write a value as canonical JSON."""
    path.write_bytes(canonical_json(value))


def golden_paths(index: int) -> dict:
    """Return the manifest entry of one golden case."""
    return {"image": f"golden/phantom-{index}.png", "expected": f"golden/phantom-{index}.json"}


def write_golden(package: Path, runner: PackageRunner) -> None:
    """Draw the phantoms and record what the exported graphs make of them."""
    (package / "golden").mkdir(exist_ok=True)
    for index, spec in enumerate(GOLDEN_SPECS):
        paths = golden_paths(index)
        pixels = make_phantom(spec)
        Image.fromarray(pixels).save(package / paths["image"])
        write_json(package / paths["expected"], golden_values(runner, pixels))


def golden_values(runner: PackageRunner, pixels: np.ndarray) -> dict:
    """Return the expected values of one image."""
    embedding = runner.embed(preprocess(pixels)[None])
    probability = float(runner.probability(embedding)[0])
    return {
        "embedding": [float(value) for value in embedding[0, :GOLDEN_VALUES]],
        "outputs": {"pneumonia": probability},
        "tolerance": GOLDEN_TOLERANCE,
    }


def write_manifest(package: Path, threshold_milli: int) -> str:
    """Write manifest.json over the files already in the package; return the package digest."""
    write_json(package / MANIFEST, _manifest(package, threshold_milli))
    return digest(package)


def digest(package: Path) -> str:
    """Return the package digest: the SHA-256 of the manifest bytes."""
    return hashlib.sha256((package / MANIFEST).read_bytes()).hexdigest()


def file_entries(package: Path) -> list[dict]:
    """Return path, SHA-256 and size of every file except the manifest, sorted by path."""
    entries = []
    for path in package.rglob("*"):
        relative = path.relative_to(package).as_posix()
        if path.is_file() and relative != MANIFEST:
            content = path.read_bytes()
            entries.append(
                {"path": relative, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            )
    return sorted(entries, key=lambda entry: entry["path"])


def _manifest(package: Path, threshold_milli: int) -> dict:
    # Only a full training needs torch, which this brings in.
    from finetune import EMBEDDING_LENGTH

    return {
        "schema": "leadglass.model-package/1",
        "name": NAME,
        "version": VERSION,
        "releaseCounter": RELEASE_COUNTER,
        "title": "Chest radiograph, pneumonia score",
        "kind": "image-2d",
        "intendedUse": "Research only, not for diagnosis.",
        "fit": {
            "modalities": ["CR", "DX"],
            "sopClasses": ["1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"],
            "bodyParts": ["CHEST"],
            "views": ["AP", "PA"],
            "minRows": 64,
            "minColumns": 64,
        },
        "input": {"name": "image", "type": "float32", "shape": ["N", CHANNELS, HEIGHT, WIDTH]},
        "preprocessing": STEPS,
        "graphs": [
            {
                "id": "backbone",
                "file": "backbone.onnx",
                "inputs": {"image": "$input"},
                "outputs": ["embedding"],
            },
            {
                "id": "head",
                "file": "head.onnx",
                "inputs": {"embedding": "backbone.embedding"},
                "outputs": ["probability"],
            },
        ],
        "embedding": {"from": "backbone.embedding", "length": EMBEDDING_LENGTH},
        "outputs": [
            {
                "code": "pneumonia",
                "title": "Pneumonia (NIH text-mined label)",
                "from": "head.probability",
                "index": 0,
                "unit": "1",
                "meaning": {"scheme": "SCT", "value": "233604007", "meaning": "Pneumonia"},
                "operatingPoint": {
                    "thresholdMilli": threshold_milli,
                    "chosenBy": "largest Youden index of the out-of-fold probabilities on split 'shipped'; "
                    "a score at or above the threshold counts as positive",
                },
            }
        ],
        "golden": [golden_paths(index) for index in range(len(GOLDEN_SPECS))],
        "reference": "reference.json",
        "card": "card.json",
        "runtime": {"timeoutMs": 10000, "memoryMiB": 512},
        "lineage": {
            "parent": None,
            "trainedBy": "models/training/train.py",
            "dataset": "NIH ChestX-ray14 subset, patients of split 'shipped'",
            "split": SPLIT_NAME,
        },
        "files": file_entries(package),
    }
