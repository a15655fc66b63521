"""Choosing recipe, epochs and penalty by patient-grouped cross-validation within 'shipped'."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dataset import Cohort
from finetune import Activations, embed, finetune, new_backbone
from folds import FOLDS, PENALTIES, patient_folds
from linear import fit_head
from metrics import auc, log_loss
from network import Backbone

MAX_EPOCHS = 14
AUXILIARY_WEIGHT = 0.5
FROZEN, MULTI_TASK, VIEW_BALANCED = "frozen", "multi-task", "view-balanced"
RECIPES = [FROZEN, MULTI_TASK, VIEW_BALANCED]


@dataclass
class Choice:
    """A setting with its out-of-fold probabilities and how well they did."""

    recipe: str
    epochs: int
    penalty: float
    probabilities: np.ndarray
    loss: float

    def summary(self, cohort: Cohort) -> dict:
        """Return the cross-validated figures for the card."""
        return {
            "recipe": self.recipe,
            "epochs": self.epochs,
            "penalty": self.penalty,
            "logLoss": self.loss,
            **view_figures(self.probabilities, cohort),
        }


def view_figures(scores: np.ndarray, cohort: Cohort) -> dict:
    """Return the AUC overall and within each view, and how well the score tells the view."""
    anteroposterior = cohort.anteroposterior > 0
    labels = cohort.pneumonia
    return {
        "auc": auc(scores, labels),
        "aucWithinAp": auc(scores[anteroposterior], labels[anteroposterior]),
        "aucWithinPa": auc(scores[~anteroposterior], labels[~anteroposterior]),
        "aucForViewPa": auc(scores, 1.0 - cohort.anteroposterior),
    }


def view_weights(cohort: Cohort) -> np.ndarray:
    """Return weights that make label and view independent (Kamiran and Calders 2012)."""
    weights = np.empty(len(cohort))
    for label in (0.0, 1.0):
        for view in (0.0, 1.0):
            has_label, has_view = cohort.pneumonia == label, cohort.anteroposterior == view
            both = has_label & has_view
            weights[both] = has_label.mean() * has_view.mean() / both.mean()
    return weights


def tasks_of(recipe: str, cohort: Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets and loss weights [n, tasks] of a fine-tuning recipe."""
    ones = np.ones(len(cohort))
    if recipe == MULTI_TASK:
        targets = [cohort.pneumonia, cohort.anteroposterior, cohort.male]
        weights = [ones, AUXILIARY_WEIGHT * ones, AUXILIARY_WEIGHT * ones]
    else:
        targets = [cohort.pneumonia, cohort.male]
        weights = [view_weights(cohort), AUXILIARY_WEIGHT * ones]
    return np.stack(targets, axis=1), np.stack(weights, axis=1)


def backbones(
    recipe: str, cohort: Cohort, activations: Activations, rows: np.ndarray, epochs: int, seed: int
) -> Iterator[Backbone]:
    """Yield the backbone after each epoch on the given rows (once, untrained, if frozen)."""
    if recipe == FROZEN:
        yield new_backbone()
        return
    targets, weights = tasks_of(recipe, cohort)
    part = Activations(activations.plain[rows], activations.views[rows])
    yield from finetune(part, targets[rows], weights[rows], epochs, seed)


def out_of_fold(embeddings: np.ndarray, labels: np.ndarray, train: np.ndarray, penalty: float) -> np.ndarray:
    """Fit a head on the rows in `train` and return the probabilities of the other rows."""
    head = fit_head(embeddings[train], labels[train], penalty)
    return head.probability(embeddings[~train])


def cross_validate(recipe: str, cohort: Cohort, activations: Activations, seed: int) -> Choice:
    """Return the epochs and penalty with the lowest out-of-fold log loss for a recipe."""
    folds = patient_folds(cohort.patients, seed)
    epochs = 1 if recipe == FROZEN else MAX_EPOCHS
    probabilities = np.empty((epochs, len(PENALTIES), len(cohort)))
    for fold in range(FOLDS):
        train = folds != fold
        rows = np.flatnonzero(train)
        for epoch, backbone in enumerate(backbones(recipe, cohort, activations, rows, epochs, seed + fold)):
            embeddings = embed(backbone, activations.plain)
            for index, penalty in enumerate(PENALTIES):
                probabilities[epoch, index, ~train] = out_of_fold(
                    embeddings, cohort.pneumonia, train, penalty
                )
        print(f"  {recipe}: fold {fold + 1} of {FOLDS} done", flush=True)
    choices = [
        Choice(recipe, 0 if recipe == FROZEN else epoch + 1, penalty, values, log_loss(values, cohort.pneumonia))
        for epoch in range(epochs)
        for penalty, values in zip(PENALTIES, probabilities[epoch])
    ]
    return min(choices, key=lambda choice: choice.loss)


def probe(features: np.ndarray, cohort: Cohort, seed: int) -> np.ndarray:
    """Return the out-of-fold probabilities of a head on other features, best penalty."""
    folds = patient_folds(cohort.patients, seed)
    best = None
    for penalty in PENALTIES:
        values = np.empty(len(cohort))
        for fold in range(FOLDS):
            train = folds != fold
            values[~train] = out_of_fold(features, cohort.pneumonia, train, penalty)
        loss = log_loss(values, cohort.pneumonia)
        if best is None or loss < best[0]:
            best = (loss, values)
    return best[1]
