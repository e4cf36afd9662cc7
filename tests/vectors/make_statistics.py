"""Writes statistics.json: intervals and tests as SciPy, statsmodels and scikit-learn have them.

python3 tests/vectors/make_statistics.py  (NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0)
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn import metrics as sk
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(11)


def seed_interval(values, level):
    low, high = stats.t.interval(
        level, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    return {
        "values": values,
        "level": level,
        "mean": float(np.mean(values)),
        "deviation": float(np.std(values, ddof=1)),
        "low": float(low),
        "high": float(high),
    }


def delong(labels, first, second):
    """By the definition, O(mn): every pair of images, and covariances as numpy has them."""
    truth = np.asarray(labels) == 1

    def components(scores):
        scores = np.asarray(scores, dtype=float)
        own, others = scores[truth][:, None], scores[~truth][None, :]
        wins = (own > others) + 0.5 * (own == others)
        return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)

    (a, a_own, a_others), (b, b_own, b_others) = components(first), components(second)
    matrix = np.cov(a_own, b_own) / truth.sum() + np.cov(a_others, b_others) / (~truth).sum()
    contrast = np.array([1, -1])
    error = float(np.sqrt(contrast @ matrix @ contrast))
    assert abs(a - sk.roc_auc_score(truth, first)) < 1e-12
    z = (a - b) / error
    return {
        "labels": labels,
        "first": first,
        "second": second,
        "aucs": [100 * float(a), 100 * float(b)],
        "errors": [100 * float(np.sqrt(matrix[0, 0])), 100 * float(np.sqrt(matrix[1, 1]))],
        "error": 100 * error,
        "z": float(z),
        "p": float(2 * stats.norm.sf(abs(z))),
        "half": 100 * error * float(stats.norm.ppf(0.975)),
    }


def delong_case(own, others, steps, skill):
    labels = [1] * own + [0] * others
    order = rng.permutation(own + others)
    labels = [labels[index] for index in order]
    shared = rng.normal(size=own + others) + skill * np.array(labels)
    scores = [np.rint((shared + rng.normal(size=own + others)) * steps).astype(int) for _ in range(2)]
    return delong(labels, scores[0].tolist(), scores[1].tolist())


def mcnemar_case(first, second):
    exact = first + second < 25
    result = mcnemar([[7, first], [second, 5]], exact=exact, correction=True)
    return {
        "onlyFirst": first,
        "onlySecond": second,
        "statistic": None if exact else float(result.statistic),
        "p": float(result.pvalue),
    }


def resampled(classes, rows):
    """Metrics of draws: scikit-learn on the rows, each as often as it was drawn."""
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
    steps = 8
    scores = rng.integers(0, steps + 1, size=(rows, classes)) + 3 * np.eye(classes, dtype=int)[labels]
    predictions = scores.argmax(axis=1)
    draws = []
    for _ in range(6):
        drawn = rng.multinomial(rows, np.ones(rows) / rows)
        index = np.repeat(np.arange(rows), drawn)
        truth, said, score = labels[index], predictions[index], scores[index]
        areas = [
            sk.roc_auc_score(truth == c, score[:, c])
            for c in range(classes)
            if 0 < (truth == c).sum() < len(truth)
        ]
        draws.append({
            "drawn": drawn.tolist(),
            "accuracy": 100 * float(sk.accuracy_score(truth, said)),
            "f1": 100 * float(sk.f1_score(truth, said, average="macro")),
            "auc": 100 * float(np.mean(areas)),
        })
    return {
        "classes": classes,
        "labels": labels.tolist(),
        "scores": scores.ravel().tolist(),
        "draws": draws,
    }


ps = [[0.01, 0.04, 0.03], [0.5, 0.9, 0.001, 0.02, 0.02], [0.2], [1, 1, 0], [0.6, 0.7]]
content = {
    "versions": {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "sklearn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
    },
    "normalTails": [[z, float(2 * stats.norm.sf(z))] for z in (0, 0.1, 1, 1.959964, 2.8, 3, 5, 8, 20, 37)],
    "chiSquareTail": [[x, float(stats.chi2.sf(x, 1))] for x in (0, 0.02, 1, 3.84, 10, 60)],
    "studentTails": [
        [t, df, float(2 * stats.t.sf(t, df))]
        for t in (0, 0.3, 1, 2.5, 12, 100)
        for df in (1, 2, 3, 7.5, 29, 400)
    ],
    "studentQuantile": [
        [level, df, float(stats.t.ppf((1 + level) / 2, df))]
        for level in (0.5, 0.8, 0.95, 0.999)
        for df in (1, 2, 4, 9, 100, 10000)
    ],
    "normalQuantile": [[level, float(stats.norm.ppf((1 + level) / 2))] for level in (0.1, 0.9, 0.95, 0.999)],
    "seedIntervals": [
        seed_interval([61.5, 63.25, 60.0], 0.95),
        seed_interval([61.5, 63.25], 0.95),
        seed_interval(rng.normal(70, 2, 5).tolist(), 0.9),
    ],
    "delong": [
        delong_case(3, 4, 64, 0.5),
        delong_case(8, 30, 64, 1.0),
        delong_case(40, 25, 1, 1.0),
        delong_case(60, 80, 1024, 2.0),
    ],
    "mcnemar": [
        mcnemar_case(*pair)
        for pair in ((0, 0), (1, 0), (5, 5), (2, 9), (12, 12), (20, 4), (10, 15), (86, 150), (40, 41))
    ],
    "holm": [{"ps": list(p), "adjusted": multipletests(p, method="holm")[1].tolist()} for p in ps],
    "resampled": [resampled(2, 12), resampled(3, 30), resampled(5, 25)],
    "binomialQuantiles": [float(stats.binom.ppf(q, 100, 0.8)) for q in (0.025, 0.975)],
}
path = Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")
