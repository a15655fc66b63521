"""Fit, measure and package the phantom QA model.

    python train_phantom.py --out ../packages/phantom-qa/1.0.0

Every image is drawn by `../phantom/render-qa-phantom.ts` from a seed (Node must be on the PATH); no other data is
used. Seeds 1 to 800 are fitted on, 2001 to 2200 choose penalties and the threshold, 5001 to 5300 are read at the
end, when everything is fixed.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from export_onnx import export_heads
from linear import fit_head
from metrics import log_loss, youden_threshold
from package import MANIFEST, digest, file_entries, write_json
from phantom_card import measure_phantom, phantom_card
from phantom_features import LENGTH, SIDE, export_features
from preprocess import HIGH_PERCENTILE, LOW_PERCENTILE, percentile_window, resize_area
from reference import SCHEMA, score_histogram

SCRIPTS = Path(__file__).resolve().parent
NAME, VERSION = "phantom-qa", "1.0.0"
DRAWN = 512
FITTED, CHOOSING, HELD_OUT = (1, 800), (2001, 200), (5001, 300)
GOLDEN_SEEDS = (9001, 9002, 9003)
PENALTIES = [3.0, 10.0, 30.0, 100.0]
AT_ONCE = 50
OUTPUTS = {
    "phantom.visible-discs": ("Share of low-contrast discs by the Rose criterion", "QA-VISIBLE-DISCS", "Visible discs"),
    "phantom.modulation": ("Modulation at 1 line pair per mm", "QA-MODULATION", "Modulation at 1 lp/mm"),
    "phantom.deviation": ("State outside the tolerances", "QA-DEVIATION", "Phantom image deviates"),
}


def draw(first: int, count: int) -> tuple[np.ndarray, list[dict]]:
    """Return the phantoms of `count` seeds [count, 512, 512] and what is true of each."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["node", str(SCRIPTS / "write-qa-phantoms.ts"), folder, str(first), str(count)]
        subprocess.run(command, check=True)
        words = np.fromfile(Path(folder) / "phantoms.u16", dtype="<u2").reshape(-1, DRAWN, DRAWN)
        return words, json.loads((Path(folder) / "truth.json").read_text(encoding="utf-8"))


def prepare(pixels: np.ndarray) -> np.ndarray:
    """Return the network input [1, 256, 256] of one phantom."""
    windowed = percentile_window(pixels.astype(np.float64), LOW_PERCENTILE, HIGH_PERCENTILE)
    return resize_area(windowed, SIDE, SIDE)[None].astype(np.float32)


def run(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    """Run a graph of one input and one output on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {name: values})[0]


def features(path: Path, seeds: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings [n, D] and targets [n, 3] of a range of seeds."""
    first, count = seeds
    embedded, targets = [], []
    for start in range(first, first + count, AT_ONCE):
        pixels, truth = draw(start, AT_ONCE)
        embedded.append(run(path, "image", np.stack([prepare(one) for one in pixels])))
        targets += [[one["visibleDiscs"], one["modulation"], float(one["deviates"])] for one in truth]
    return np.concatenate(embedded), np.array(targets)


def write_golden(out: Path) -> None:
    """Draw the golden phantoms as 8-bit pictures and record what the graphs make of them."""
    (out / "golden").mkdir(exist_ok=True)
    for index, seed in enumerate(GOLDEN_SEEDS):
        pixels = (draw(seed, 1)[0][0] >> 4).astype(np.uint8)
        Image.fromarray(pixels).save(out / f"golden/phantom-{index}.png")
        embedding = run(out / "features.onnx", "image", prepare(pixels)[None])
        scores = run(out / "head.onnx", "embedding", embedding)[0]
        expected = {
            "embedding": [float(value) for value in embedding[0, :16]],
            "outputs": {code: float(score) for code, score in zip(OUTPUTS, scores)},
            "tolerance": 0.001,
        }
        write_json(out / f"golden/phantom-{index}.json", expected)


def manifest(out: Path, threshold_milli: int) -> dict:
    """Return the manifest over the files already in the package."""
    thresholds = [600, 500, threshold_milli]
    chosen = [
        "a limit of the declared constancy test: three of five discs; a lower figure is out of tolerance",
        "a limit of the declared constancy test: half of the modulation; a lower figure is out of tolerance",
        "largest Youden index on seeds 2001 to 2200; a score at or above the threshold counts as out of tolerance",
    ]
    return {
        "schema": "leadglass.model-package/1",
        "name": NAME,
        "version": VERSION,
        "releaseCounter": 1,
        "title": "Constancy of a computed phantom",
        "kind": "image-2d",
        "intendedUse": "Constancy tests of the way from sender to result with the computed phantom of this product.",
        "fit": {
            "modalities": ["CR", "DX"],
            "sopClasses": ["1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"],
            "bodyParts": ["PHANTOM"],
            "views": [],
            "minRows": 256,
            "minColumns": 256,
        },
        "input": {"name": "image", "type": "float32", "shape": ["N", 1, SIDE, SIDE]},
        "preprocessing": [
            {"step": "modality-lut"},
            {"step": "monochrome2"},
            {"step": "percentile-window", "low": LOW_PERCENTILE, "high": HIGH_PERCENTILE},
            {"step": "resize", "width": SIDE, "height": SIDE, "interpolation": "area"},
        ],
        "graphs": [
            {"id": "features", "file": "features.onnx", "inputs": {"image": "$input"}, "outputs": ["embedding"]},
            {
                "id": "head",
                "file": "head.onnx",
                "inputs": {"embedding": "features.embedding"},
                "outputs": ["probability"],
            },
        ],
        "embedding": {"from": "features.embedding", "length": LENGTH},
        "outputs": [
            {
                "code": code,
                "title": title,
                "from": "head.probability",
                "index": index,
                "unit": "1",
                "meaning": {"scheme": "99LEADGLASS", "value": value, "meaning": meaning},
                "operatingPoint": {"thresholdMilli": thresholds[index], "chosenBy": chosen[index]},
            }
            for index, (code, (title, value, meaning)) in enumerate(OUTPUTS.items())
        ],
        "golden": [
            {"image": f"golden/phantom-{index}.png", "expected": f"golden/phantom-{index}.json"}
            for index in range(len(GOLDEN_SEEDS))
        ],
        "reference": "reference.json",
        "card": "card.json",
        "runtime": {"timeoutMs": 10000, "memoryMiB": 256},
        "lineage": {
            "parent": None,
            "trainedBy": "models/training/train_phantom.py",
            "dataset": "computed phantoms, seeds 1 to 800 of models/phantom/render-qa-phantom.ts",
            "split": "by seed: 1 to 800 fitted, 2001 to 2200 choosing, 5001 to 5300 test",
        },
        "files": file_entries(out),
    }


def main() -> None:
    """Run the whole chain and print a JSON summary."""
    parser = argparse.ArgumentParser(description="Fit and package the phantom QA model.")
    parser.add_argument("--out", type=Path, required=True, help="package folder to (over)write")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    export_features(out / "features.onnx")
    fitted, targets = features(out / "features.onnx", FITTED)
    choosing, goals = features(out / "features.onnx", CHOOSING)
    heads, penalties = [], []
    for index in range(len(OUTPUTS)):
        tried = [fit_head(fitted, targets[:, index], penalty) for penalty in PENALTIES]
        losses = [log_loss(head.probability(choosing), goals[:, index]) for head in tried]
        best = int(np.argmin(losses))
        heads.append(tried[best])
        penalties.append(PENALTIES[best])
    export_heads(heads, out / "head.onnx")
    threshold_milli = youden_threshold(heads[2].probability(choosing), goals[:, 2])
    scores = run(out / "head.onnx", "embedding", choosing).astype(np.float64)
    histograms = [score_histogram(f"score.{code}", scores[:, index]) for index, code in enumerate(OUTPUTS)]
    write_json(out / "reference.json", {"schema": SCHEMA, "features": histograms})
    write_golden(out)

    unseen, truth = features(out / "features.onnx", HELD_OUT)
    metrics = measure_phantom(run(out / "head.onnx", "embedding", unseen).astype(np.float64), truth, threshold_milli)
    write_json(out / "card.json", phantom_card(NAME, VERSION, penalties, metrics))
    write_json(out / MANIFEST, manifest(out, threshold_milli))
    print(json.dumps({"digest": digest(out), "thresholdMilli": threshold_milli, "test": metrics}, indent=2))


if __name__ == "__main__":
    main()
