"""An independent reading of an evaluation, by other libraries and by definitions written out at length.

Reads {score, running, label, patient, group, thresholds: [candidate, running]} from standard input, columns of equal
length, and prints the figures as JSON.
"""

import json
import sys

import numpy as np
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import norm, rankdata
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

Z = norm.ppf(0.975)
RESAMPLES = 600


def kernel(score, label):
    """Which pairs of a positive and a negative case are in the right order, a tie counting half."""
    positive, negative = score[label == 1], score[label == 0]
    return (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])


def clustered_covariance(first, second, label, patient):
    """Obuchowski (1997), by its sums over patients."""
    parts = []
    for score in (first, second):
        pairs = kernel(score, label)
        area = pairs.mean()
        positive = {p: 0.0 for p in set(patient)}
        negative = dict(positive)
        for value, p in zip(pairs.mean(axis=1) - area, patient[label == 1]):
            positive[p] += value
        for value, p in zip(pairs.mean(axis=0) - area, patient[label == 0]):
            negative[p] += value
        parts.append((positive, negative))
    m, n = int((label == 1).sum()), int((label == 0).sum())
    of = lambda k: k / (k - 1)
    i10, i01, i = len(set(patient[label == 1])), len(set(patient[label == 0])), len(set(patient))
    names = sorted(set(patient))
    (a, b), (c, d) = parts
    s10 = of(i10) * sum(a[p] * c[p] for p in names) / m
    s01 = of(i01) * sum(b[p] * d[p] for p in names) / n
    s11 = of(i) * sum(a[p] * d[p] + b[p] * c[p] for p in names)
    return s10 / m + s01 / n + s11 / (m * n)


def shares(score, label, threshold):
    decided = score >= threshold
    tp, fp = int((decided & (label == 1)).sum()), int((decided & (label == 0)).sum())
    fn, tn = int((~decided & (label == 1)).sum()), int((~decided & (label == 0)).sum())
    result = {}
    for name, count, of in (
        ("sensitivity", tp, tp + fn),
        ("specificity", tn, tn + fp),
        ("positivePredictiveValue", tp, tp + fp),
        ("negativePredictiveValue", tn, tn + fn),
    ):
        low, high = proportion_confint(count, of, method="wilson")
        result[name] = [count / of, low, high, of]
    return result


def recalibration(score, label, patient):
    design = sm.add_constant(logit(score))
    fitted = sm.Logit(label, design).fit(disp=0, cov_type="cluster", cov_kwds={"groups": patient}, tol=1e-12)
    return {"intercept": [fitted.params[0], fitted.bse[0]], "slope": [fitted.params[1], fitted.bse[1]]}


def equal_mass_error(score, label):
    order = np.argsort(score, kind="stable")
    bins = np.array_split(order, 10)
    return sum(len(b) * abs(score[b].mean() - label[b].mean()) for b in bins) / len(score)


def clustered_mean(values, patient):
    fitted = sm.OLS(values, np.ones(len(values))).fit()
    names = sorted(set(patient))
    residual = {p: 0.0 for p in names}
    for value, p in zip(fitted.resid, patient):
        residual[p] += value
    k = len(names)
    return [float(fitted.params[0]), float(np.sqrt(k / (k - 1) * sum(v * v for v in residual.values())) / len(values))]


def net_benefit(score, label, threshold):
    decided = score >= threshold
    weight = threshold / (1 - threshold)
    return float(((decided & (label == 1)).sum() - weight * (decided & (label == 0)).sum()) / len(label))


def area(label, score):
    """Wilcoxon's statistic: quicker than a curve, for the resamples."""
    positive = label == 1
    m, n = positive.sum(), (~positive).sum()
    return (rankdata(score)[positive].sum() - m * (m + 1) / 2) / (m * n)


def pooled(score, label, group):
    """As `stratified`, from the areas of the groups."""
    parts = [(group == name) for name in set(group)]
    parts = [part for part in parts if label[part].min() != label[part].max()]
    pairs = [label[part].sum() * (1 - label[part]).sum() for part in parts]
    return np.average([area(label[part], score[part]) for part in parts], weights=pairs)


def bootstrap(score, running, label, patient, group, first_group):
    """Percentiles of areas and average precisions when patients are drawn anew."""
    numbers = np.random.default_rng(1)
    names = sorted(set(patient))
    members = {p: np.flatnonzero(patient == p) for p in names}
    draws = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[names[i]] for i in numbers.integers(0, len(names), len(names))])
        y = label[chosen]
        if y.min() == y.max():
            continue
        first, second = area(y, score[chosen]), area(y, running[chosen])
        precision = average_precision_score(y, score[chosen])
        inside = group[chosen] == first_group
        s, g = score[chosen], group[chosen]
        gap = area(y[inside], s[inside]) - area(y[~inside], s[~inside])
        draws.append([first, first - second, precision, precision - average_precision_score(y, running[chosen]),
                      gap, first - pooled(s, y, g)])
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return [[float(a), float(b)] for a, b in zip(low, high)]


def stratified(score, label, group):
    """The share of pairs in the right order among pairs of the same group."""
    right = pairs = 0.0
    for name in set(group):
        here = group == name
        inside = kernel(score[here], label[here])
        right, pairs = right + inside.sum(), pairs + inside.size
    return right / pairs


def main():
    given = json.load(sys.stdin)
    score, running, label = (np.array(given[name]) for name in ("score", "running", "label"))
    patient, group = np.array(given["patient"]), np.array(given["group"])
    threshold, running_threshold = given["thresholds"]
    own = np.arange(len(label))
    variance = clustered_covariance(score, score, label, patient)
    other = clustered_covariance(running, running, label, patient)
    both = clustered_covariance(score, running, label, patient)
    recall_precision = precision_recall_curve(label, score)

    def paired(of):
        members = label == of
        right = ((score >= threshold) == of)[members]
        theirs = ((running >= running_threshold) == of)[members]
        table = [[int((right & theirs).sum()), int((right & ~theirs).sum())],
                 [int((~right & theirs).sum()), int((~right & ~theirs).sum())]]
        mean = clustered_mean(right.astype(float) - theirs.astype(float), patient[members])
        return {"p": float(mcnemar(table, exact=True).pvalue), "mean": mean, "only": [table[0][1], table[1][0]]}

    first = group == given["firstGroup"]
    decided = score >= threshold
    hits = [int((decided & (label == 1) & part).sum()) for part in (first, ~first)]
    diseased = [int(((label == 1) & part).sum()) for part in (first, ~first)]
    newcombe = confint_proportions_2indep(hits[0], diseased[0], hits[1], diseased[1], method="newcomb", compare="diff")
    areas = [roc_auc_score(label[part], score[part]) for part in (first, ~first)]
    print(json.dumps({
        "auc": [roc_auc_score(label, score), float(np.sqrt(variance))],
        "delong": [roc_auc_score(label, score), float(np.sqrt(clustered_covariance(score, score, label, own)))],
        "difference": [roc_auc_score(label, score) - roc_auc_score(label, running),
                       float(np.sqrt(variance + other - 2 * both))],
        "averagePrecision": average_precision_score(label, score),
        "bootstrap": bootstrap(score, running, label, patient, group, given["firstGroup"]),
        "brier": [brier_score_loss(label, score), clustered_mean((score - label) ** 2, patient)[1]],
        "shares": shares(score, label, threshold),
        "calibration": recalibration(score, label, patient),
        "expectedError": equal_mass_error(score, label),
        "observedLessPredicted": clustered_mean(label - score, patient),
        "netBenefit": [net_benefit(score, label, t / 100) for t in range(1, 100)],
        "sensitivity": paired(1),
        "specificity": paired(0),
        "newcombe": [hits[0] / diseased[0] - hits[1] / diseased[1], *newcombe],
        "groupAreas": areas,
        "stratified": stratified(score, label, group),
        "precisionRecallPoints": len(recall_precision[0]),
    }))


main()
