"""What was measured of the phantom QA model, and what it must not be taken for."""

import numpy as np

from metrics import NORMAL_QUANTILE, Estimate, delong, wilson

MEASURED = ("phantom.visible-discs", "phantom.modulation")


def measure_phantom(scores: np.ndarray, truth: np.ndarray, threshold_milli: int) -> list[dict]:
    """Return the card's figures: errors of the two measured outputs, and how well deviations are told."""
    figures = []
    for index, code in enumerate(MEASURED):
        error = scores[:, index] - truth[:, index]
        figures.append(_entry(code, "mean absolute error", _mean(np.abs(error)), len(error), "normal 95 % of the mean"))
        figures.append(_entry(code, "mean error", _mean(error), len(error), "normal 95 % of the mean"))
        figures.append(
            _entry(code, "error at most 0.1", wilson(int((np.abs(error) <= 0.1).sum()), len(error)), len(error), "Wilson 95 %")
        )
    deviates = truth[:, 2]
    called = scores[:, 2] * 1000 >= threshold_milli
    hits, misses = deviates > 0, deviates == 0
    code = "phantom.deviation"
    sensitivity = wilson(int(called[hits].sum()), int(hits.sum()))
    specificity = wilson(int((~called)[misses].sum()), int(misses.sum()))
    return figures + [
        _entry(code, "auc", delong(scores[:, 2], deviates), len(deviates), "DeLong 95 %"),
        _entry(code, "sensitivity", sensitivity, int(hits.sum()), "Wilson 95 %"),
        _entry(code, "specificity", specificity, int(misses.sum()), "Wilson 95 %"),
    ]


def _mean(values: np.ndarray) -> Estimate:
    reach = NORMAL_QUANTILE * float(values.std(ddof=1)) / len(values) ** 0.5
    mean = float(values.mean())
    return Estimate(mean, mean - reach, mean + reach)


def _entry(code: str, metric: str, estimate: Estimate, images: int, interval: str) -> dict:
    return {
        "output": code,
        "split": "test",
        "metric": metric,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "interval": interval,
        "images": images,
    }


def phantom_card(name: str, version: str, penalties: list[float], metrics: list[dict]) -> dict:
    """Return the whole card."""
    return {
        "schema": "leadglass.model-card/1",
        "name": name,
        "version": version,
        "summary": "Measures a computed constancy phantom: how many of five low-contrast discs the Rose criterion calls "
        "visible, how much modulation is left at one line pair per millimetre, and whether either is out of tolerance.",
        "intendedUse": "A constancy test of the whole way (sender, archive, compression, appliance): send the same phantom "
        "every week; a change of the figures means that something between drawing and scoring has changed.",
        "outOfScope": [
            "Any statement about a patient.",
            "Acceptance or constancy tests of an X-ray system: no phantom that can be bought was measured.",
            "Dose, geometry, artefacts, and every fault that changes neither contrast, blur nor noise.",
        ],
        "data": {
            "source": "computed by models/phantom/render-qa-phantom.ts; contrast 0.3 to 1.2 of nominal and blur 0 to 3 pixels "
            "drawn evenly, noise 0.5 % to 12 % of the full range drawn evenly in its logarithm",
            "split": "by seed: 1 to 800 fitted, 2001 to 2200 choosing, 5001 to 5300 test",
            "patients": 0,
        },
        "training": {
            "script": "models/training/train_phantom.py",
            "architecture": "fixed features of 16 x 16 cells (mean, log variance, log slope along both axes), logistic "
            "regressions on the standardised features; the first two have targets between 0 and 1",
            "penalties": penalties,
        },
        "metrics": metrics,
        "knownShortcuts": [
            {
                "name": "fixed geometry",
                "text": "The cells lie where the phantom's parts lie, give or take five pixels. A phantom that is turned, scaled "
                "or shifted further gives figures that mean nothing.",
            }
        ],
        "limits": [
            "Trained and tested on computed phantoms only, drawn by the same program: the figures say how well the "
            "program's own numbers are recovered, nothing about detectors.",
            "The truth of visible discs is a formula (Rose index of at least 5), no reader was asked; it moves in steps of "
            "0.2, the score does not, so an error below 0.1 is within half a step.",
            "Blur lowers the contrast at a disc's edge a little; the formula does not know that.",
            "Intervals hold for this distribution of states; near the tolerances the errors are larger than on average.",
        ],
        "licence": "MIT, as this repository.",
        "statement": "Research only, not for diagnosis.",
    }
