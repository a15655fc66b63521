"""Train, export, measure and package the chest radiograph model.

    python train.py --data ../../../shared/data/cxr-nih --out ../packages/chest-radiograph/1.0.0

Only patients of the split part 'shipped' touch backbone, head, threshold, early stopping and
reference distributions. The part 'test' is read after everything else is fixed; of the part
'site' only the counts are taken.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from card import cohort_counts, known_shortcuts, model_card, training_section
from dataset import Cohort, load_cohort
from evaluate import PackageRunner, measure, view_leak
from export_onnx import export_backbone, export_head
from finetune import EMBEDDING_LENGTH, embed, frozen_activations, texture_features
from linear import LinearHead, fit_head
from metrics import auc, youden_threshold
from network import Backbone
from package import NAME, VERSION, write_golden, write_json, write_manifest
from preprocess import HEIGHT
from reference import reference_distributions
from selection import RECIPES, Choice, backbones, cross_validate, probe

SCRIPTS = Path(__file__).resolve().parent
LEGAL_FILES = {"package-notice.md": "NOTICE.md", "LICENSE-Apache-2.0.txt": "LICENSE-Apache-2.0.txt"}


@dataclass
class Trained:
    """Everything the shipped patients decided."""

    backbone: Backbone
    head: LinearHead
    threshold_milli: int
    choices: list[Choice]
    chosen: Choice
    texture: np.ndarray


def train(shipped: Cohort, seed: int) -> Trained:
    """Choose the settings by cross-validation, then fit backbone and head on all of 'shipped'."""
    print("computing frozen activations of the augmented images", flush=True)
    activations = frozen_activations(shipped.images, seed)
    choices = [cross_validate(recipe, shipped, activations, seed) for recipe in RECIPES]
    chosen = min(choices, key=lambda choice: choice.loss)
    print(f"chosen: {chosen.recipe}, {chosen.epochs} epochs, penalty {chosen.penalty}", flush=True)

    everyone = np.arange(len(shipped))
    *_, backbone = backbones(chosen.recipe, shipped, activations, everyone, chosen.epochs, seed)
    embeddings = embed(backbone, activations.plain)
    return Trained(
        backbone=backbone,
        head=fit_head(embeddings, shipped.pneumonia, chosen.penalty),
        threshold_milli=youden_threshold(chosen.probabilities, shipped.pneumonia),
        choices=choices,
        chosen=chosen,
        texture=probe(texture_features(shipped.images), shipped, seed),
    )


def write_graphs(trained: Trained, out: Path) -> PackageRunner:
    """Export both graphs and return a runner of the exported files."""
    export_backbone(trained.backbone, HEIGHT, EMBEDDING_LENGTH, out / "backbone.onnx")
    export_head(trained.head, out / "head.onnx")
    return PackageRunner(out)


def write_card(trained: Trained, shipped: Cohort, runner: PackageRunner, data: Path, seed: int, out: Path) -> dict:
    """Measure the exported graphs on 'test', write the card and return it."""
    test = load_cohort(data, "test")
    probabilities = runner.probability(runner.embed_images(test.images)).astype(np.float64)
    cohorts = {"shipped": shipped, "site": load_cohort(data, "site"), "test": test}
    metrics = measure(probabilities, test, "test", trained.threshold_milli)
    card = model_card(
        NAME,
        VERSION,
        {
            "counts": {part: cohort_counts(cohort) for part, cohort in cohorts.items()},
            "training": training_section(shipped, trained.choices, trained.chosen, seed),
            "metrics": metrics,
            "shippedAuc": auc(trained.chosen.probabilities, shipped.pneumonia),
            "testAuc": metrics[0]["value"],
            "knownShortcuts": known_shortcuts(
                trained.chosen, trained.texture, shipped, view_leak(probabilities, test)
            ),
        },
    )
    write_json(out / "card.json", card)
    return card


def main() -> None:
    """Run the whole chain and print a JSON summary."""
    parser = argparse.ArgumentParser(description="Train and package the chest radiograph model.")
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv and png256/")
    parser.add_argument("--out", type=Path, required=True, help="package folder to (over)write")
    parser.add_argument("--seed", type=int, default=20240611)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.use_deterministic_algorithms(True)

    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    shipped = load_cohort(arguments.data, "shipped")
    trained = train(shipped, arguments.seed)
    runner = write_graphs(trained, out)
    embeddings = runner.embed_images(shipped.images)
    write_json(
        out / "reference.json",
        reference_distributions(trained.chosen.probabilities, embeddings, shipped.images),
    )
    write_golden(out, runner)
    for source, target in LEGAL_FILES.items():
        shutil.copyfile(SCRIPTS / source, out / target)
    card = write_card(trained, shipped, runner, arguments.data, arguments.seed, out)
    summary = {
        "digest": write_manifest(out, trained.threshold_milli),
        "thresholdMilli": trained.threshold_milli,
        "crossValidation": card["training"]["crossValidation"],
        "test": card["metrics"],
    }
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main()
