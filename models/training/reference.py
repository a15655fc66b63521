"""Reference distributions of the shipped split, against which a site's drift is measured."""

import numpy as np

SCHEMA = "leadglass.reference-distributions/1"
SCORE_BINS = 20
FEATURE_BINS = 10
EMBEDDING_FEATURES = 16


def reference_distributions(scores: np.ndarray, embeddings: np.ndarray, images: np.ndarray) -> dict:
    """Return the histograms; the first and last bin of each are open ended.

    Scores use equal bins of 0..1; the other features use the deciles of the shipped split.
    Image quality is measured on the windowed and resized grey image in 0..1.
    """
    features = [score_histogram("score.pneumonia", scores)]
    for index in range(EMBEDDING_FEATURES):
        features.append(_deciles(f"embedding.{index}", embeddings[:, index]))
    features.append(_deciles("quality.mean", images.mean(axis=(1, 2))))
    features.append(_deciles("quality.contrast", images.std(axis=(1, 2))))
    return {"schema": SCHEMA, "features": features}


def score_histogram(name: str, scores: np.ndarray) -> dict:
    """Return the histogram of a score in 0..1, in equal bins."""
    return _histogram(name, scores, np.linspace(0.0, 1.0, SCORE_BINS + 1))


def _deciles(name: str, values: np.ndarray) -> dict:
    return _histogram(name, values, np.quantile(values.astype(np.float64), np.linspace(0, 1, FEATURE_BINS + 1)))


def _histogram(name: str, values: np.ndarray, edges: np.ndarray) -> dict:
    """Count with bins [edge, next edge); values outside fall into the outermost bins."""
    rounded = np.round(edges, 6)
    bins = np.searchsorted(rounded[1:-1], values, side="right")
    counts = np.bincount(bins, minlength=len(rounded) - 1)
    return {"feature": name, "edges": rounded.tolist(), "counts": counts.tolist()}
