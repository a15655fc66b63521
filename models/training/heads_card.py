"""The card of chest-radiograph 1.1.0: the base's card, and what is known of the new heads."""

from heads_package import VERSION

LIMITS = [
    "view.ap: AP images of this subset come mostly from wards and bedside units, PA images from standing patients, so "
    "the score may read tubes, posture, scanner or processing rather than the projection; the label is what the "
    "index says.",
    "view.ap: view and the pneumonia label are confounded in this subset and the backbone was trained on both; "
    "read the AUC within pneumonia and within no finding.",
    "quality.*: the labels are synthetic degradations of 8-bit 256x256 images (models/training/degrade.py), never faults "
    "that a technologist found; a real fault of another form may pass unseen, and a finding may look like one.",
    "quality.exposure: means one of two things, a lost dark end (45 % of the values become one) or strong noise; it is no "
    "exposure index and says nothing about dose.",
    "quality.rotated: quarter and half turns only; small tilts are not seen. Mirror images are not seen either.",
    "quality.*: every test image appears under eight variants; the clustered interval counts patients, the plain one "
    "and the Wilson intervals do not.",
    "Thresholds weigh both errors alike on made-up shares of faults; at the share of faults in a clinic most alarms "
    "will be false ones.",
]


def heads_card(base: dict, fitted: dict, metrics: list[dict]) -> dict:
    """Return the base's card with the new outputs' training, figures and limits."""
    heads = [
        {
            "output": code,
            "penalty": one.penalty,
            "outOfFoldLogLoss": one.loss,
            "thresholdMilli": one.threshold_milli,
            "script": "models/training/train_heads.py",
        }
        for code, one in fitted.items()
    ]
    pneumonia = [{"output": "pneumonia", **figure} for figure in base["metrics"]]
    return {
        **base,
        "version": VERSION,
        "summary": base["summary"]
        + " Further linear heads on the same embedding: projection (AP), and three signs of an unusable image "
        "learned from synthetic degradations.",
        "training": {
            **base["training"],
            "heads": heads,
            "headSelection": "threshold by the Youden index and penalty of the quality heads by log loss, both out of fold "
            "in a patient-grouped cross-validation of the heads; the penalty of view.ap is the base's. The backbone "
            "has seen all of these patients: out-of-fold figures are optimistic, thresholds may lie too well; the "
            "test figures are of patients that neither backbone nor heads have seen",
            "qualityLabels": "eight declared variants of each image: untouched, inverted, turned, dark end lost, noisy, "
            "and three pairs of these",
        },
        "metrics": pneumonia + metrics,
        "limits": base["limits"] + LIMITS,
    }
