"""Folds by patient, and the penalties that are tried on them."""

import numpy as np

FOLDS = 5
PENALTIES = [3.0, 10.0, 30.0, 100.0, 300.0]


def patient_folds(patients: np.ndarray, seed: int) -> np.ndarray:
    """Deal the shuffled patients to the folds; return the fold of each image."""
    order = np.unique(patients)
    np.random.default_rng(seed).shuffle(order)
    fold_of = {patient: index % FOLDS for index, patient in enumerate(order)}
    return np.array([fold_of[patient] for patient in patients])
