"""Writes metrics_random.json: random rows and what scikit-learn makes of them.

python3 tests/vectors/make_metrics_random.py  (NumPy 1.24.2, scikit-learn 1.2.1)
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, roc_auc_score

CASES = 60


def describe(index, rng):
    classes = int(rng.integers(2, 8))
    rows = int(rng.integers(2, 60))
    # Coarse scores tie; a few classes of many leave some absent.
    steps = int(rng.choice([2, 4, 16, 1 << 20]))
    occurring = rng.choice(classes, size=int(rng.integers(1, classes + 1)), replace=False)
    labels = rng.choice(occurring, size=rows)
    # Whole numbers over a power of two: the same in every precision.
    scores = rng.integers(0, steps + 1, size=(rows, classes)) / steps
    predictions = scores.argmax(axis=1)
    per_class = [
        roc_auc_score(labels == c, scores[:, c]) if 0 < (labels == c).sum() < rows else None
        for c in range(classes)
    ]
    defined = [value for value in per_class if value is not None]
    return {
        "name": f"random {index}",
        "classes": classes,
        "labels": labels.tolist(),
        "scores": (scores * steps).astype(int).ravel().tolist(),
        "steps": steps,
        "accuracy": 100 * accuracy_score(labels, predictions),
        "f1_macro": 100 * f1_score(labels, predictions, average="macro"),
        "auc_ovr_macro": 100 * float(np.mean(defined)) if defined else None,
        "auc_per_class": per_class,
        "confusion": confusion_matrix(labels, predictions, labels=range(classes)).tolist(),
    }


rng = np.random.default_rng(2021)
content = {
    "versions": {"numpy": np.__version__, "sklearn": sklearn.__version__},
    "reading": "accuracy and f1_macro in percent; auc_ovr_macro, percent, is the mean of auc_per_class, "
    "in [0, 1], over the classes that have one; a score is scores / steps, row-major",
    "cases": [describe(index, rng) for index in range(CASES)],
}
path = Path(__file__).with_name("metrics_random.json")
path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
