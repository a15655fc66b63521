"""Figures of merit and their 95 % intervals."""

import math
from dataclasses import dataclass

import numpy as np

NORMAL_QUANTILE = 1.959964


@dataclass
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the probability that a positive scores above a negative, ties counting half."""
    return float(_placements(scores[labels > 0], scores[labels == 0]).mean())


def delong(scores: np.ndarray, labels: np.ndarray, clusters: np.ndarray | None = None) -> Estimate:
    """Return the AUC with its DeLong interval (DeLong, DeLong and Clarke-Pearson 1988).

    With `clusters` (patient of each image) the variance follows Obuchowski 1997, which allows
    for several images per patient; without, every image counts as independent.
    """
    if clusters is None:
        clusters = np.arange(len(scores))
    positive, negative = labels > 0, labels == 0
    placements = _placements(scores[positive], scores[negative])
    value = float(placements.mean())
    positives, negatives = placements.shape
    sums = {
        True: _sums_by_cluster(placements.mean(axis=1) - value, clusters[positive]),
        False: _sums_by_cluster(placements.mean(axis=0) - value, clusters[negative]),
    }
    variance = _scaled_square_sum(sums[True]) / positives**2
    variance += _scaled_square_sum(sums[False]) / negatives**2
    shared = sum(sums[True][key] * sums[False].get(key, 0.0) for key in sums[True])
    total = len(set(clusters.tolist()))
    variance += 2.0 * total / (total - 1) * shared / (positives * negatives)
    reach = NORMAL_QUANTILE * math.sqrt(max(variance, 0.0))
    return Estimate(value, max(value - reach, 0.0), min(value + reach, 1.0))


def wilson(successes: int, trials: int) -> Estimate:
    """Return a proportion with its Wilson score interval."""
    share = successes / trials
    square = NORMAL_QUANTILE**2
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    spread = math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    reach = NORMAL_QUANTILE * spread / (1 + square / trials)
    return Estimate(share, max(centre - reach, 0.0), min(centre + reach, 1.0))


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean negative log likelihood."""
    clipped = np.clip(probabilities, 1e-9, 1.0 - 1e-9)
    return float(-(labels * np.log(clipped) + (1 - labels) * np.log(1 - clipped)).mean())


def brier(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared error of the probabilities."""
    return float(((probabilities - labels) ** 2).mean())


def youden_threshold(probabilities: np.ndarray, labels: np.ndarray) -> int:
    """Return the threshold, in thousandths, with the largest sensitivity + specificity.

    A score counts as positive when it reaches the threshold; the lowest of equals wins.
    """
    candidates = np.arange(1, 1000)
    called = probabilities[None, :] * 1000 >= candidates[:, None]
    sensitivity = called[:, labels > 0].mean(axis=1)
    specificity = 1.0 - called[:, labels == 0].mean(axis=1)
    return int(candidates[np.argmax(sensitivity + specificity)])


def _placements(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    above = positives[:, None] > negatives[None, :]
    equal = positives[:, None] == negatives[None, :]
    return above + 0.5 * equal


def _sums_by_cluster(values: np.ndarray, clusters: np.ndarray) -> dict:
    sums: dict = {}
    for cluster, value in zip(clusters.tolist(), values.tolist()):
        sums[cluster] = sums.get(cluster, 0.0) + value
    return sums


def _scaled_square_sum(sums: dict) -> float:
    return len(sums) / (len(sums) - 1) * sum(value**2 for value in sums.values())
