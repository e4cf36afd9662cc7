"""Writes clinical.json: rows that are hard to judge, and what scikit-learn makes of them.

python3 tests/vectors/make_clinical.py  (NumPy 2.4.6, scikit-learn 1.9.1)
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def none(value):
    return None if value is None or np.isnan(value) else float(value)


def percent(value):
    value = none(value)
    return None if value is None else 100 * value


def calibration(truth, probability, bins):
    """ECE in percent, and the bins that are not empty, as scikit-learn has them."""
    frequency, confidence = calibration_curve(truth, probability, n_bins=bins, pos_label=1)
    edges = np.linspace(0, 1, bins + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], probability), minlength=bins)
    filled = counts[counts > 0]
    ece = float((filled / len(truth) * np.abs(frequency - confidence)).sum())
    return 100 * ece, counts.tolist(), confidence.tolist(), frequency.tolist()


def operating(truth, score):
    """Youden's threshold and the best sensitivities at two specificities, from all points of the curve."""
    false, true, thresholds = sk.roc_curve(truth, score, drop_intermediate=False)
    negatives = (truth == 0).sum()
    positives = (truth == 1).sum()
    right = np.rint(true * positives).astype(int)
    wrong = np.rint(false * negatives).astype(int)
    best = int(np.argmax(right * negatives - wrong * positives))
    result = {"youden": None if np.isinf(thresholds[best]) else float(thresholds[best])}
    for wanted in (90, 95):
        allowed = 100 * (negatives - wrong) >= wanted * negatives
        most = int(np.argmax(np.where(allowed, right, -1)))
        result[f"sensitivity_at_{wanted}"] = 100 * float(true[most])
    return result


def one_class(labels, predictions, scores, c, bins):
    truth, said, score = (labels == c).astype(int), (predictions == c).astype(int), scores[:, c]
    rate = dict(zero_division=np.nan)
    sensitivity = sk.recall_score(truth, said, **rate)
    specificity = sk.recall_score(1 - truth, 1 - said, **rate)
    both = len(np.unique(truth)) == 2
    ece, counts, confidence, frequency = calibration(truth, score, bins)
    return {
        "sensitivity": percent(sensitivity),
        "specificity": percent(specificity),
        "balancedAccuracy": percent(sk.balanced_accuracy_score(truth, said)) if both else None,
        "ppv": percent(sk.precision_score(truth, said, **rate)),
        "npv": percent(sk.precision_score(1 - truth, 1 - said, **rate)),
        "f1": percent(sk.f1_score(truth, said, **rate)),
        "auc": percent(sk.roc_auc_score(truth, score)) if both else None,
        "prAuc": percent(sk.average_precision_score(truth, score)) if truth.any() else None,
        "mcc": float(sk.matthews_corrcoef(truth, said)),
        "kappa": none(sk.cohen_kappa_score(truth, said)),
        "brier": float(sk.brier_score_loss(truth, score, pos_label=1)),
        "ece": ece,
        "reliability": {"counts": counts, "confidence": confidence, "frequency": frequency},
        "operating": operating(truth, score) if both else None,
    }


def describe(name, classes, labels, parts, bins=15):
    """parts: whole numbers, whose rows add up to the same total."""
    labels, parts = np.asarray(labels), np.asarray(parts)
    total = int(parts[0].sum())
    assert (parts.sum(axis=1) == total).all() and parts.shape == (len(labels), classes), name
    scores = parts / total
    predictions = scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    all_classes = list(range(classes))
    every = dict(labels=all_classes, average="macro", zero_division=np.nan)
    ece, counts, mean_confidence, frequency = calibration(
        (predictions == labels).astype(int), confidence, bins
    )
    return {
        "name": name,
        "classes": classes,
        "bins": bins,
        "total": total,
        "labels": labels.tolist(),
        "parts": parts.ravel().tolist(),
        "perClass": [one_class(labels, predictions, scores, c, bins) for c in all_classes],
        "macro": {
            "sensitivity": percent(sk.recall_score(labels, predictions, **every)),
            "ppv": percent(sk.precision_score(labels, predictions, **every)),
            "f1": percent(sk.f1_score(labels, predictions, **every)),
        },
        "overall": {
            "accuracy": 100 * float(sk.accuracy_score(labels, predictions)),
            "balancedAccuracy": 100 * float(sk.balanced_accuracy_score(labels, predictions)),
            "macroF1": 100 * float(sk.f1_score(labels, predictions, average="macro")),
            "weightedF1": 100 * float(sk.f1_score(labels, predictions, average="weighted")),
            "mcc": float(sk.matthews_corrcoef(labels, predictions)),
            "kappa": none(sk.cohen_kappa_score(labels, predictions)),
            "brier": float(
                sk.brier_score_loss(labels, scores, labels=all_classes, scale_by_half=False)
            ),
            "ece": ece,
        },
        "reliability": {"counts": counts, "confidence": mean_confidence, "frequency": frequency},
    }


def one_hot(classes, predicted):
    return np.eye(classes, dtype=int)[predicted]


def random_case(index):
    classes = int(rng.integers(2, 6))
    rows = int(rng.integers(2, 40))
    total = int(rng.choice([2, 10, 30, 64, 1 << 16]))
    occurring = rng.choice(classes, size=int(rng.integers(1, classes + 1)), replace=False)
    labels = rng.choice(occurring, size=rows)
    skill = rng.uniform(0, 6)
    shares = rng.dirichlet(np.ones(classes), size=rows) + skill / 6 * np.eye(classes)[labels]
    parts = [rng.multinomial(total, row / row.sum()) for row in shares]
    bins = int(rng.choice([1, 5, 10, 15]))
    return describe(f"random {index}", classes, labels, parts, bins)


mixed = [0, 0, 0, 1, 1, 2, 2, 2, 2, 1]
content = {
    "versions": {"numpy": np.__version__, "sklearn": sklearn.__version__},
    "reading": "a probability is parts / total, row-major; rates in percent; null where scikit-learn has NaN, or a "
    "value by convention alone; confidence and frequency of the bins that are not empty",
    "cases": [
        describe("all tied", 3, mixed, [[4, 4, 4]] * 10),
        describe("perfect", 3, mixed, one_hot(3, mixed)),
        describe("all wrong", 2, [0, 0, 1, 1], one_hot(2, [1, 1, 0, 0])),
        describe("constant", 3, mixed, [[2, 5, 3]] * 10, 10),
        describe("one image", 3, [1], [[1, 2, 1]]),
        describe("one class only, right", 3, [2, 2, 2], one_hot(3, [2, 2, 2])),
        describe("one class only, wrong", 3, [2, 2, 2], one_hot(3, [0, 1, 1])),
        describe("class of one image, missed", 3, [0, 0, 0, 1, 1, 2], one_hot(3, [0, 0, 1, 1, 1, 0])),
        describe(
            "class never predicted",
            3,
            mixed,
            [[5, 4, 1], [6, 2, 2], [1, 2, 7], [3, 3, 4], [5, 3, 2], [2, 1, 7], [0, 3, 7], [6, 4, 0], [1, 1, 8], [4, 2, 4]],
            10,
        ),
        describe("class absent from labels", 3, [0, 0, 1, 1, 0], [[3, 1, 0], [1, 1, 2], [0, 4, 0], [1, 1, 2], [2, 2, 0]]),
        describe("class absent from both", 4, [0, 1, 1, 2], [[2, 1, 1, 0], [1, 3, 0, 0], [2, 1, 1, 0], [0, 1, 3, 0]]),
        describe("two classes, ties", 2, [0, 1, 0, 1, 1, 0, 0, 1], [[3, 1], [2, 2], [2, 2], [1, 3], [2, 2], [1, 3], [4, 0], [0, 4]]),
        *[random_case(index) for index in range(30)],
    ],
}
path = Path(__file__).with_name("clinical.json")
path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")
