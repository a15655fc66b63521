"""What Fairlearn says of labelled cases: JSON in, JSON out.

With {"rows": ...} of those rows; with {"diabetes": PATH} of a model that is fitted here on half of the UCI diabetes-130
table, on the other half, which is handed out as rows.
"""
import io
import json
import math
import sys
import zipfile

import numpy as np
import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score

METRICS = {
    "selection-rate": selection_rate,
    "true-positive-rate": true_positive_rate,
    "false-positive-rate": false_positive_rate,
    "precision": lambda t, p: precision_score(t, p, zero_division=np.nan),
    "accuracy": accuracy_score,
}
COUNTS = [
    "time_in_hospital",
    "num_lab_procedures",
    "num_procedures",
    "num_medications",
    "number_outpatient",
    "number_emergency",
    "number_inpatient",
    "number_diagnoses",
]


def diabetes(path):
    with zipfile.ZipFile(path) as archive:
        name = next(one for one in archive.namelist() if one.endswith("diabetic_data.csv"))
        table = pd.read_csv(io.BytesIO(archive.read(name)), low_memory=False)
    label = (table["readmitted"] == "<30").astype(int).to_numpy()
    values = table[COUNTS].to_numpy(dtype=float)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    half = np.arange(len(table)) % 2 == 0
    score = LogisticRegression().fit(values[half], label[half]).predict_proba(values[~half])[:, 1]
    rest = table[~half].reset_index(drop=True)
    return [
        {
            "score": float(score[i]),
            "positive": bool(score[i] >= 0.12),
            "label": int(one),
            "patient": str(rest["patient_nbr"][i]),
            "groups": {"race": str(rest["race"][i]), "sex": str(rest["gender"][i]), "age": str(rest["age"][i])},
        }
        for i, one in enumerate(label[~half])
    ]


def number(value):
    return None if value is None or not math.isfinite(float(value)) else float(value)


def of(rows, names):
    true = np.array([row["label"] for row in rows])
    side = np.array([int(row["positive"]) for row in rows])
    score = np.array([row["score"] for row in rows])
    groups = pd.DataFrame({name: [row["groups"][name] for row in rows] for name in names})
    given = {"sensitive_features": groups}
    frame = MetricFrame(metrics=METRICS, y_true=true, y_pred=side, **given)
    area = MetricFrame(metrics={"roc-auc": roc_auc_score}, y_true=true, y_pred=score, **given)
    by_group = pd.concat([frame.by_group, area.by_group], axis=1)

    def keys(index):
        return json.dumps(list(index) if isinstance(index, tuple) else [index], ensure_ascii=False, separators=(",", ":"))

    between = frame.difference()
    return {
        "overall": {**{k: number(v) for k, v in frame.overall.items()}, "roc-auc": number(area.overall["roc-auc"])},
        "groups": {keys(i): {k: number(v) for k, v in row.items()} for i, row in by_group.iterrows()},
        "minimum": {k: number(v) for k, v in frame.group_min().items()},
        "maximum": {k: number(v) for k, v in frame.group_max().items()},
        "difference": {k: number(v) for k, v in between.items()},
        "ratio": {k: number(v) for k, v in frame.ratio().items()},
        "toOverall": {k: number(v) for k, v in frame.difference(method="to_overall").items()},
        "disparities": {
            "demographic-parity-difference": number(demographic_parity_difference(true, side, **given)),
            "demographic-parity-ratio": number(demographic_parity_ratio(true, side, **given)),
            "equalised-odds-difference": number(equalized_odds_difference(true, side, **given)),
            "equalised-odds-ratio": number(equalized_odds_ratio(true, side, **given)),
            "equal-opportunity-difference": number(equal_opportunity_difference(true, side, **given)),
            "equal-opportunity-ratio": number(equal_opportunity_ratio(true, side, **given)),
            "roc-auc-gap": number(area.difference()["roc-auc"]),
        },
    }


def main():
    asked = json.load(sys.stdin)
    rows = diabetes(asked["diabetes"]) if "diabetes" in asked else asked["rows"]
    answer = {"found": [of(rows, names) for names in asked["dimensions"]]}
    json.dump({**answer, "rows": rows} if "diabetes" in asked else answer, sys.stdout)


main()
