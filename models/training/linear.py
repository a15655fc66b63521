"""A standardised, L2-regularised logistic regression: the form of every head graph."""

from dataclasses import dataclass

import numpy as np

NEWTON_STEPS = 50
TOLERANCE = 1e-10
SCALE_FLOOR = 1e-6


@dataclass
class LinearHead:
    """probability = sigmoid(((embedding - mean) / scale) @ weight + bias)."""

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: float

    def probability(self, embeddings: np.ndarray) -> np.ndarray:
        """Return the probability of each row of embeddings."""
        return sigmoid(((embeddings - self.mean) / self.scale) @ self.weight + self.bias)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return the logistic function without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * values))


def fit_head(embeddings: np.ndarray, labels: np.ndarray, penalty: float) -> LinearHead:
    """Fit by Newton's method on sum(log loss) + penalty / 2 * |weight|^2.

    The penalty applies to the weights of the standardised features, not to the bias.
    """
    embeddings = embeddings.astype(np.float64)
    mean = embeddings.mean(axis=0)
    scale = np.maximum(embeddings.std(axis=0), SCALE_FLOOR)
    design = np.hstack([(embeddings - mean) / scale, np.ones((len(embeddings), 1))])
    ridge = np.diag([penalty] * embeddings.shape[1] + [0.0])
    solution = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        probability = sigmoid(design @ solution)
        gradient = design.T @ (probability - labels) + ridge @ solution
        curvature = probability * (1.0 - probability)
        step = np.linalg.solve(design.T @ (design * curvature[:, None]) + ridge, gradient)
        solution -= step
        if np.abs(step).max() < TOLERANCE:
            break
    return LinearHead(mean, scale, solution[:-1], float(solution[-1]))
