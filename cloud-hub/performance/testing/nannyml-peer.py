"""What NannyML's CBPE says of the cases on standard input; JSON in, JSON out."""
import json
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from nannyml import CBPE  # noqa: E402
from nannyml.calibration import IsotonicCalibrator, NoopCalibrator  # noqa: E402

METRICS = ["roc_auc", "average_precision", "f1", "precision", "recall", "specificity", "accuracy"]


def frame(rows):
    return pd.DataFrame(
        {
            "score": [row["score"] for row in rows],
            "side": [int(row["positive"]) for row in rows],
            "label": [row.get("label", 0) for row in rows],
        }
    )


def main():
    asked = json.load(sys.stdin)
    np.random.seed(1)
    estimator = CBPE(
        problem_type="classification_binary",
        y_pred_proba="score",
        y_pred="side",
        y_true="label",
        metrics=METRICS,
        chunk_size=asked["chunkSize"],
        calibrator=IsotonicCalibrator() if asked["calibrate"] else NoopCalibrator(),
    )
    estimator.fit(frame(asked["reference"]))
    found = estimator.estimate(frame(asked["analysis"]).drop(columns="label")).filter(period="analysis").to_df()
    chunks = []
    for _, row in found.iterrows():
        chunks.append(
            {
                metric.replace("_", "-"): {
                    "value": row[(metric, "value")],
                    "samplingError": row[(metric, "sampling_error")],
                    "low": row[(metric, "lower_confidence_boundary")],
                    "high": row[(metric, "upper_confidence_boundary")],
                    "lowerLimit": row[(metric, "lower_threshold")],
                    "upperLimit": row[(metric, "upper_threshold")],
                    "beyond": bool(row[(metric, "alert")]),
                }
                for metric in METRICS
            }
        )
    json.dump({"calibrated": bool(estimator.needs_calibration), "chunks": chunks}, sys.stdout)


main()
