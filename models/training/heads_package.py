"""The manifest and golden values of chest-radiograph 1.1.0, made from those of its base."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from degrade import LABELS
from evaluate import PackageRunner
from heads_evaluate import run_head
from package import MANIFEST, digest, file_entries, write_json
from preprocess import preprocess

VERSION = "1.1.0"
RELEASE_COUNTER = 2
LOCAL = "99LEADGLASS"
MEANINGS = {
    "view.ap": ("Antero-posterior projection", {"scheme": "SCT", "value": "399348003", "meaning": "antero-posterior"}),
    "quality.inverted": (
        "Grey scale inverted (synthetic label)",
        {"scheme": LOCAL, "value": "QUAL-INVERTED", "meaning": "Grey scale inverted"},
    ),
    "quality.rotated": (
        "Turned by a quarter or half (synthetic label)",
        {"scheme": LOCAL, "value": "QUAL-ROTATED", "meaning": "Image turned"},
    ),
    "quality.exposure": (
        "Dark end lost or noisy (synthetic label)",
        {"scheme": LOCAL, "value": "QUAL-EXPOSURE", "meaning": "Exposure unsuitable"},
    ),
}
CHOSEN_BY = (
    "largest Youden index of the heads' out-of-fold probabilities on split 'shipped', whose patients the backbone "
    "has seen; a score at or above the threshold counts as positive"
)


def golden_outputs(base: Path, out: Path) -> None:
    """Copy the golden images and add the new outputs to what is expected of each."""
    (out / "golden").mkdir(exist_ok=True)
    runner = PackageRunner(out)
    for case in json.loads((base / MANIFEST).read_text(encoding="utf-8"))["golden"]:
        shutil.copyfile(base / case["image"], out / case["image"])
        expected = json.loads((base / case["expected"]).read_text(encoding="utf-8"))
        embedding = runner.embed(preprocess(np.asarray(Image.open(base / case["image"])))[None])
        expected["outputs"]["view.ap"] = float(run_head(out / "view.onnx", embedding)[0, 0])
        for index, label in enumerate(LABELS):
            expected["outputs"][f"quality.{label}"] = float(run_head(out / "quality.onnx", embedding)[0, index])
        write_json(out / case["expected"], expected)


def write_manifest(base: Path, out: Path, thresholds: dict[str, int]) -> None:
    """Write the manifest: the base's with two more graphs and four more outputs."""
    manifest = json.loads((base / MANIFEST).read_text(encoding="utf-8"))
    sources = {"view.ap": ("view.probability", 0)}
    sources |= {f"quality.{label}": ("quality.probability", index) for index, label in enumerate(LABELS)}
    for graph in ("view", "quality"):
        manifest["graphs"].append(
            {
                "id": graph,
                "file": f"{graph}.onnx",
                "inputs": {"embedding": "backbone.embedding"},
                "outputs": ["probability"],
            }
        )
    for code, (source, index) in sources.items():
        title, meaning = MEANINGS[code]
        manifest["outputs"].append(
            {
                "code": code,
                "title": title,
                "from": source,
                "index": index,
                "unit": "1",
                "meaning": meaning,
                "operatingPoint": {"thresholdMilli": thresholds[code], "chosenBy": CHOSEN_BY},
            }
        )
    manifest |= {
        "version": VERSION,
        "releaseCounter": RELEASE_COUNTER,
        "title": "Chest radiograph: pneumonia score, view, image quality",
        "files": file_entries(out),
        "lineage": {**manifest["lineage"], "parent": digest(base), "trainedBy": "models/training/train_heads.py"},
    }
    write_json(out / MANIFEST, manifest)
