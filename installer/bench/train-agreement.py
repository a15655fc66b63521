"""What scikit-learn and xgboost make of the same rows, folds, weights and options as the trainers.

usage: train-agreement.py FOLDER; FOLDER holds job.json, values.f32, labels.u8, folds.u8. For each task the rows of each listed
fold are predicted by a model of all other rows; NAME.f64 gets the probabilities of all rows, 0 where no listed fold has one.
A task "calibrate" has scores.f64 in place of a model: scikit-learn's own calibrators on the scores of the rows of fold 0,
applied to all.
"""

import json
import sys
from pathlib import Path

import numpy
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
values = numpy.fromfile(folder / "values.f32", dtype="<f4").reshape(-1, job["columns"])
labels = numpy.fromfile(folder / "labels.u8", dtype=numpy.uint8)
folds = numpy.fromfile(folder / "folds.u8", dtype=numpy.uint8)


class Scores(ClassifierMixin, BaseEstimator):
    """A classifier whose only column is its score."""

    def fit(self, rows, classes):
        self.classes_ = numpy.unique(classes)
        self.n_features_in_ = 1
        return self

    def decision_function(self, rows):
        return numpy.asarray(rows)[:, 0]

    def predict(self, rows):
        return (self.decision_function(rows) > 0).astype(int)


def balanced(classes):
    counts = numpy.bincount(classes)
    return (len(classes) / (len(counts) * counts))[classes]


def fitted(name, o, rows, classes, weights, seed):
    if name == "gradient-boosting":
        return xgboost.XGBClassifier(
            n_estimators=o["rounds"],
            learning_rate=o["learningRate"],
            max_depth=o["maximumDepth"],
            min_child_weight=o["minimumChildWeight"],
            reg_lambda=o["lambda"],
            tree_method="hist",
            max_bin=255,
            n_jobs=1,
            random_state=seed,
        ).fit(rows, classes, sample_weight=weights)
    if name == "random-forest":
        return RandomForestClassifier(
            n_estimators=o["trees"],
            max_depth=o["maximumDepth"],
            max_features=o.get("columnsPerNode", "sqrt"),
            # The trainer asks for a weight, as this parameter does; the weights add up to the number of rows.
            min_weight_fraction_leaf=o["minimumLeafWeight"] / len(classes),
            n_jobs=1,
            random_state=seed,
        ).fit(rows, classes, sample_weight=weights)
    if name == "linear":
        model = LogisticRegression(C=1 / o["strength"], max_iter=2000)
    else:
        model = MLPClassifier(
            hidden_layer_sizes=tuple(o["hidden"]),
            max_iter=o["epochs"],
            batch_size=o["batch"],
            learning_rate_init=o["learningRate"],
            alpha=o["decay"] * o["batch"],
            n_iter_no_change=o["epochs"],
            random_state=seed,
        )
    return model.fit(rows, classes, sample_weight=weights)


def prepared(name, fit_rows, test_rows):
    """Trees take missing values as they are."""
    if name in ("gradient-boosting", "random-forest"):
        return fit_rows, test_rows
    imputer, scaler = SimpleImputer(keep_empty_features=True), StandardScaler()
    fit_rows = scaler.fit_transform(imputer.fit_transform(fit_rows))
    return fit_rows, scaler.transform(imputer.transform(test_rows))


for task in job["tasks"]:
    if task["trainer"] == "calibrate":
        scores = numpy.fromfile(folder / "scores.f64", dtype="<f8").reshape(-1, 1)
        here = folds == 0
        frozen = FrozenEstimator(Scores().fit(scores[here], labels[here]))
        calibrated = CalibratedClassifierCV(frozen, method=task["method"]).fit(scores[here], labels[here])
        answer = calibrated.predict_proba(scores)[:, 1]
    else:
        answer = numpy.zeros(len(labels))
        for fold in job["folds"]:
            inside, outside = folds != fold, folds == fold
            fit_rows, test_rows = prepared(task["trainer"], values[inside], values[outside])
            weights = balanced(labels[inside]) if task["balanced"] else None
            for seed in task["seeds"]:
                model = fitted(task["trainer"], task["options"], fit_rows, labels[inside], weights, seed)
                answer[outside] += model.predict_proba(test_rows)[:, 1] / len(task["seeds"])
    answer.astype("<f8").tofile(folder / f"{task['name']}.f64")
