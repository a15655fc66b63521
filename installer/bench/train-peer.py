"""Fits scikit-learn and xgboost models on the tables of the train bench, one thread each.

usage: train-peer.py FOLDER; FOLDER holds job.json, fit.f32, fit.u8, test.f32. Writes NAME.f64 with the probabilities of
the test rows for each trainer and prints the processor seconds of each fit.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import sklearn
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
columns, seed = job["columns"], job["seed"]
fit = numpy.fromfile(folder / "fit.f32", dtype="<f4").reshape(-1, columns)
test = numpy.fromfile(folder / "test.f32", dtype="<f4").reshape(-1, columns)
labels = numpy.fromfile(folder / "fit.u8", dtype=numpy.uint8)


def standardised(model):
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


def contender(name, o):
    if name == "linear":
        return standardised(LogisticRegression(C=1 / o["strength"], max_iter=o["maximumIterations"]))
    if name == "multilayer-perceptron":
        return standardised(
            MLPClassifier(
                hidden_layer_sizes=tuple(o["hidden"]),
                max_iter=o["epochs"],
                batch_size=o["batch"],
                learning_rate_init=o["learningRate"],
                n_iter_no_change=o["epochs"],
                random_state=seed,
            )
        )
    if name == "gradient-boosting":
        return xgboost.XGBClassifier(
            n_estimators=o["rounds"],
            learning_rate=o["learningRate"],
            max_depth=o["maximumDepth"],
            min_child_weight=o["minimumChildWeight"],
            reg_lambda=o["lambda"],
            subsample=o["subsample"],
            colsample_bytree=o["columnSample"],
            tree_method="hist",
            max_bin=255,
            n_jobs=1,
            random_state=seed,
        )
    forest = RandomForestClassifier(
        n_estimators=o["trees"],
        max_depth=o["maximumDepth"],
        min_samples_leaf=o["minimumLeafWeight"],
        n_jobs=1,
        random_state=seed,
    )
    # Forests of scikit-learn take missing values from 1.4 on.
    takes_missing = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 4)
    return forest if takes_missing else make_pipeline(SimpleImputer(), forest)


seconds = {}
for name, options in job["trainers"].items():
    model = contender(name, options)
    started = time.process_time()
    model.fit(fit, labels)
    seconds[name] = time.process_time() - started
    model.predict_proba(test)[:, 1].astype("<f8").tofile(folder / f"{name}.f64")
print(json.dumps({"seconds": seconds, "versions": {"scikit-learn": sklearn.__version__, "xgboost": xgboost.__version__}}))
