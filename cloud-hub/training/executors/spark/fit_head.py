"""Fits a linear head around its parent's on Spark: the objective of the hub's own trainer, summed over partitions.

usage: spark-submit fit_head.py --job spark-job.json --log log.ndjson --out weights.json

Minimises mean log loss + strength / (2 rows) * |w - prior|^2 by L-BFGS on the driver; value and gradient are summed in
Spark over blocks of standardised rows. All fits of one stage of the cross-validation advance together: one Spark job gives
each of them its next value and gradient. Only weights go back. The hub exports and measures them itself, on held-out
patients whose rows are filtered out here before anything is fitted.
"""

import argparse
import hashlib
import json
import os
import sys

import numpy as np

MEMORY = 10
ARMIJO = 1e-4
MAX_BACKTRACKS = 50
ALL_ROWS = -1


class Stop(Exception):
    """A reason of the data or of the job: its code goes into the run's log."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Log:
    """The lines that the hub reads. Each one is on disk before the work goes on."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8")

    def say(self, **line):
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def progress(self, percent, message):
        self.say(kind="progress", percent=percent, message=message[:500])


def file_digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            digest.update(part)
    return digest.hexdigest()


def verified_files(job, base):
    """Paths of the snapshot's Parquet files, each with the digest that the snapshot's manifest states."""
    folder = os.path.join(base, job["snapshot"]["folder"])
    manifest_path = os.path.join(folder, job["snapshot"]["manifest"])
    if file_digest(manifest_path) != job["snapshot"]["digest"]:
        raise Stop("snapshot-damaged", "the snapshot's manifest has another digest")
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    data = os.path.join(folder, job["snapshot"]["data"])
    paths = []
    for entry in manifest["files"]:
        path = os.path.join(data, entry["path"])
        if file_digest(path) != entry["sha256"]:
            raise Stop("snapshot-damaged", "a file of the snapshot has another digest")
        paths.append(path)
    return data, paths, manifest["accounting"]["rows"]


def ranked_strata(positive_of, seed):
    """Patients with a positive case and those without, each in the order that the seed gives (see partition.ts)."""
    ranked = sorted(positive_of, key=lambda patient: hashlib.sha256(f"{seed}/{patient}".encode()).hexdigest())
    return [p for p in ranked if positive_of[p]], [p for p in ranked if not positive_of[p]]


def held_out_patients(positive_of, share, seed):
    """Keys are site/patient; the same part of each site and stratum, as heldOutPatients of partition.ts takes it."""
    held = set()
    for stratum in ranked_strata(positive_of, f"{seed}/held-out"):
        # A stable sort: within a site the order that the seed gives.
        for i, patient in enumerate(sorted(stratum, key=lambda key: key.split("/", 1)[0])):
            if np.floor((i + 1) * share + 0.5) > np.floor(i * share + 0.5):
                held.add(patient)
    return held


def folds_of(positive_of, folds, seed):
    result = {}
    for stratum in ranked_strata(positive_of, f"{seed}/folds"):
        for i, patient in enumerate(stratum):
            result[patient] = i % folds
    return result


def sigmoid(value):
    return 0.5 * (1 + np.tanh(0.5 * value))


def log_loss(logit, label):
    margin = np.where(label == 1, -logit, logit)
    return np.maximum(margin, 0) + np.log1p(np.exp(-np.abs(margin)))


def minimise(start, tolerance, max_iterations):
    """L-BFGS as a generator: yields a point, is sent (value, gradient) there, returns the minimum."""
    point = start
    value, gradient = yield point
    history = []
    for _ in range(max_iterations):
        if np.max(np.abs(gradient)) <= tolerance:
            return point
        direction = two_loop(gradient, history)
        slope = float(direction @ gradient)
        step = 1.0 if history else min(1.0, 1.0 / float(np.max(np.abs(gradient))))
        moved = None
        for _ in range(MAX_BACKTRACKS):
            candidate = point + step * direction
            candidate_value, candidate_gradient = yield candidate
            if candidate_value <= value + ARMIJO * step * slope:
                moved = (candidate, candidate_value, candidate_gradient)
                break
            step /= 2
        if moved is None:
            return point
        s, y = moved[0] - point, moved[2] - gradient
        curvature = float(s @ y)
        if curvature > 1e-14:
            history = [*history, (s, y, 1.0 / curvature)][-MEMORY:]
        point, value, gradient = moved
    return point


def two_loop(gradient, history):
    q = gradient.copy()
    alphas = []
    for s, y, rho in reversed(history):
        alpha = rho * float(s @ q)
        alphas.append(alpha)
        q -= alpha * y
    if history:
        _, y, rho = history[-1]
        q *= 1.0 / (rho * float(y @ y))
    for s, y, rho in history:
        q += (alphas.pop() - rho * float(y @ q)) * s
    return -q


class Fit:
    """One fit on the rows outside `fold` of `repeat` (all of them for ALL_ROWS), in coordinates of its own.

    `basis` is None for weights as they are, or the direction along which alone the weight may be scaled.
    """

    def __init__(self, repeat, fold, prior, strength, basis, start, limits):
        self.repeat, self.fold, self.prior, self.strength, self.basis = repeat, fold, prior, strength, basis
        self._search = minimise(start, limits["gradientTolerance"], limits["maxIterations"])
        self.at = next(self._search)
        self.found = None

    def weights(self):
        if self.basis is None:
            return self.at
        return np.append(self.at[0] * self.basis, self.at[1])

    def take(self, loss, gradient, rows):
        """Goes on with the sums at the present point."""
        if self.basis is not None:
            gradient = np.array([float(gradient[:-1] @ self.basis), gradient[-1]])
        penalty = self.strength / rows
        delta = self.at[:-1] - self.prior[:-1]
        gradient = gradient / rows
        gradient[:-1] += penalty * delta
        try:
            self.at = self._search.send((loss / rows + penalty / 2 * float(delta @ delta), gradient))
        except StopIteration as end:
            self.found = end.value


def sums_of_block(block, fits):
    """Loss, gradient and rows of each (repeat, fold, weights) on one block of rows."""
    values, labels, folds, _ = block
    points = np.stack([weights for _, _, weights in fits])
    logits = values @ points[:, :-1].T + points[:, -1]
    inside = np.stack(
        [np.ones(len(labels), bool) if fold == ALL_ROWS else folds[:, repeat] != fold for repeat, fold, _ in fits], axis=1
    )
    losses = np.where(inside, log_loss(logits, labels[:, None]), 0.0).sum(axis=0)
    residual = np.where(inside, sigmoid(logits) - labels[:, None], 0.0)
    gradients = np.hstack([residual.T @ values, residual.sum(axis=0)[:, None]])
    return losses, gradients, inside.sum(axis=0)


def run_fits(blocks, fits):
    """Advances all fits together until each has its minimum. Blocks are summed in their order: the same each time."""
    while pending := [fit for fit in fits if fit.found is None]:
        asked = blocks.context.broadcast([(fit.repeat, fit.fold, fit.weights()) for fit in pending])
        parts = blocks.map(lambda block: sums_of_block(block, asked.value)).collect()
        asked.destroy()
        losses = sum(part[0] for part in parts)
        gradients = sum(part[1] for part in parts)
        rows = sum(part[2] for part in parts)
        for i, fit in enumerate(pending):
            fit.take(float(losses[i]), gradients[i], int(rows[i]))
    return [fit.found for fit in fits]


def recalibrated(blocks, parts, parent, constants):
    """The parent's head with its scale and bias fitted to each part (see recalibrated in cases.ts)."""
    prior = np.array([1.0, parent["bias"]])
    fits = [Fit(r, f, prior, constants["scaleStrength"], parent["weight"], prior, constants) for r, f in parts]
    return [np.append(max(0.0, found[0]) * parent["weight"], found[1]) for found in run_fits(blocks, fits)]


def out_of_fold(block, heads, repeats, folds):
    """Logits of each row, a column a repeat, each by the head that did not see the row."""
    values, _, fold_of, _ = block
    logits = np.empty((len(values), repeats))
    for repeat in range(repeats):
        stack = np.stack(heads[repeat * folds : (repeat + 1) * folds])
        every = values @ stack[:, :-1].T + stack[:, -1]
        logits[:, repeat] = every[np.arange(len(values)), fold_of[:, repeat]]
    return logits


def choose_strength(blocks, parent, constants, rows, log):
    repeats, folds = constants["repeats"], constants["folds"]
    parts = [(repeat, fold) for repeat in range(repeats) for fold in range(folds)]
    priors = recalibrated(blocks, parts, parent, constants)
    log.progress(20, "parent recalibrated on each fold")
    start, heads_of, tried = priors, {}, []
    strengths = sorted(constants["strengths"], reverse=True)
    for i, strength in enumerate(strengths):
        fits = [Fit(r, f, prior, strength, None, at, constants) for (r, f), prior, at in zip(parts, priors, start)]
        start = run_fits(blocks, fits)
        heads_of[strength] = start
        shared = blocks.context.broadcast(start)
        losses = blocks.map(
            lambda block: float(log_loss(out_of_fold(block, shared.value, repeats, folds), block[1][:, None]).sum())
        ).collect()
        shared.destroy()
        tried.append({"strength": strength, "logLoss": sum(losses) / (rows * repeats)})
        log.progress(20 + 60 * (i + 1) // len(strengths), f"cross-validation of strength {strength}")
    # Of equal losses the firmer prior, which stands first.
    best = min(tried, key=lambda one: one["logLoss"])
    return best["strength"], list(reversed(tried)), heads_of[best["strength"]]


def youden_threshold_milli(scores, labels):
    """Thousandths with the largest Youden index; of equal ones the highest (see youdenThresholdMilli in calibration.ts)."""
    positive = np.sort(scores[labels == 1])
    negative = np.sort(scores[labels == 0])
    best, best_index = 500, -np.inf
    for milli in range(1, 1000):
        sensitivity = (len(positive) - np.searchsorted(positive, milli / 1000, "left")) / len(positive)
        specificity = np.searchsorted(negative, milli / 1000, "left") / len(negative)
        if sensitivity + specificity - 1 >= best_index:
            best, best_index = milli, sensitivity + specificity - 1
    return best


def threshold_by(point, scores, labels):
    """The threshold, in thousandths, that a declared rule asks for (see thresholdBy in operating-points.ts)."""
    kept = 999 if point["kind"] == "specificity-at-least" else 1
    positive, negative = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    for milli in range(1, 1000):
        if point["kind"] == "specificity-at-least":
            if np.searchsorted(negative, milli / 1000, "left") >= point["share"] * len(negative):
                return milli
        elif len(positive) - np.searchsorted(positive, milli / 1000, "left") >= point["share"] * len(positive):
            kept = milli
    return kept


def study_scores(blocks, score_of):
    """One case a study: the highest probability of its instances, and its label; in an order of its own for each study."""

    def cases(block):
        return [(study, (float(score), int(label))) for study, score, label in zip(block[3], score_of(block), block[1])]

    found = blocks.flatMap(cases).reduceByKey(max).values().collect()
    return np.array([score for score, _ in found]), np.array([label for _, label in found])


def read_blocks(spark, job, base, log):
    """The training part as blocks of (standardised rows, labels, fold of each repeat, study of each row)."""
    data, paths, rows = verified_files(job, base)
    frame = spark.read.option("basePath", data).parquet(*paths)
    frame = frame.select("site", "study", "patient", "label", "embedding")
    patients = frame.rdd.map(lambda row: (f"{row.site}/{row.patient}", (row.label == 1, 1)))
    counted = patients.reduceByKey(lambda a, b: (a[0] or b[0], a[1] + b[1])).collect()
    if sum(count for _, (_, count) in counted) != rows:
        raise Stop("snapshot-damaged", "the snapshot holds another number of rows")
    constants, seed = job["constants"], f"{job['snapshot']['digest']}/{job['seed']}"
    held = held_out_patients({p: positive for p, (positive, _) in counted}, constants["heldOutShare"], seed)
    if hashlib.sha256("\n".join(sorted(held)).encode()).hexdigest() != job["heldOut"]:
        raise Stop("split-differs", "the held-out patients are not those of the hub: nothing may be fitted")
    inside = {p: positive for p, (positive, _) in counted if p not in held}
    each = [folds_of(inside, constants["folds"], f"{seed}/{repeat}") for repeat in range(constants["repeats"])]
    fold_of = spark.sparkContext.broadcast({p: [folds[p] for folds in each] for p in inside})
    mean, scale = np.array(job["parent"]["mean"]), np.array(job["parent"]["scale"])

    def block(rows_of_partition):
        kept = [row for row in rows_of_partition if f"{row.site}/{row.patient}" in fold_of.value]
        if not kept:
            return []
        values = (np.array([row.embedding for row in kept], dtype=np.float64) - mean) / scale
        labels = np.array([row.label for row in kept], dtype=np.float64)
        folds = np.array([fold_of.value[f"{row.site}/{row.patient}"] for row in kept], dtype=np.int16)
        return [(values, labels, folds, [f"{row.site}/{row.study}" for row in kept])]

    blocks = frame.rdd.mapPartitions(block).persist()
    positive_rows, training = blocks.map(lambda b: (int(b[1].sum()), len(b[1]))).reduce(lambda a, b: (a[0] + b[0], a[1] + b[1]))
    if positive_rows < 2 or training - positive_rows < 2:
        raise Stop("too-few-cases", f"the training part has {positive_rows} positive of {training} instances")
    log.progress(10, f"{training} instances to train on, {rows - training} held out")
    return blocks, training


def fit(spark, job, base, log):
    constants = job["constants"]
    parent = {"weight": np.array(job["parent"]["weight"]), "bias": job["parent"]["bias"]}
    blocks, rows = read_blocks(spark, job, base, log)
    strength, tried, heads = choose_strength(blocks, parent, constants, rows, log)
    shared, repeats, folds = blocks.context.broadcast(heads), constants["repeats"], constants["folds"]
    scores, labels = study_scores(blocks, lambda b: sigmoid(out_of_fold(b, shared.value, repeats, folds).mean(axis=1)))
    of_parent = study_scores(blocks, lambda b: sigmoid(b[0] @ parent["weight"] + parent["bias"]))
    points = [
        {
            "name": point["name"],
            "thresholdMilli": threshold_by(point, scores, labels),
            "runningThresholdMilli": threshold_by(point, *of_parent),
        }
        for point in job["points"]
    ]
    (prior,) = recalibrated(blocks, [(0, ALL_ROWS)], parent, constants)
    (head,) = run_fits(blocks, [Fit(0, ALL_ROWS, prior, strength, None, prior, constants)])
    log.progress(95, f"prior strength {strength}")
    return {
        "schema": "leadglass.head-weights/1",
        "run": job["run"],
        "snapshot": job["snapshot"]["digest"],
        "parent": job["parent"]["digest"],
        "code": job["code"],
        "seed": job["seed"],
        "finding": job["finding"],
        "prior": {"strength": strength, "candidates": tried, "folds": constants["folds"]},
        "thresholdMilli": youden_threshold_milli(scores, labels),
        "points": points,
        "weight": [float(value) for value in head[:-1].astype(np.float32)],
        "bias": float(np.float32(head[-1])),
    }


def write_atomically(path, value):
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--job", "--log", "--out"):
        arguments.add_argument(name, required=True)
    told = arguments.parse_args()
    log = Log(told.log)
    try:
        with open(told.job, encoding="utf-8") as file:
            job = json.load(file)
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.appName("leadglass-head").getOrCreate()
        write_atomically(told.out, fit(spark, job, os.path.dirname(os.path.abspath(told.job)), log))
        spark.stop()
        log.say(kind="done")
    except Stop as stop:
        log.say(kind="stopped", code=stop.code, message=str(stop)[:1000])
        sys.exit(2)
    except Exception as failure:
        # The type alone: a message of Spark may hold a row.
        log.say(kind="stopped", code="trainer-failed", message=type(failure).__name__)
        raise


if __name__ == "__main__":
    main()
