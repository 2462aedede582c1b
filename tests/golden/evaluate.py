#!/usr/bin/env python3
"""Writes evaluate.json beside this file: reference values of scipy and scikit-learn for the scores.

Usage: /usr/bin/python3 tests/golden/evaluate.py
"""
import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm, pearsonr, rankdata, spearmanr
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold


def correlations(random):
    cases = []
    for n, ties, missing in [(3, False, 0), (25, False, 0), (40, True, 0), (40, True, 6)]:
        x = random.normal(size=n)
        y = 0.6 * x + random.laplace(size=n)
        if ties:
            x, y = np.round(x), np.round(y)
        present = np.ones(n, dtype=bool)
        present[random.permutation(n)[:missing]] = False
        cases.append({
            "x": [float(v) if ok else None for v, ok in zip(x, present)], "y": y.tolist(),
            "spearman": spearmanr(x[present], y[present])[0],
            "pearson": pearsonr(x[present], y[present])[0],
            "ranks": rankdata(y).tolist(),
            "rank_normal": norm.ppf((rankdata(y) - 0.5) / n).tolist()})
    return cases


def assignments(random):
    cases = []
    for rows, columns in [(1, 1), (4, 4), (9, 14), (14, 9), (30, 30)]:
        weights = random.uniform(size=(rows, columns))
        i, j = linear_sum_assignment(weights, maximize=True)
        cases.append({"rows": rows, "columns": columns, "weights": weights.ravel().tolist(),
                      "total": weights[i, j].sum()})
    return cases


def kernel_ridge(random, d, targets, n, noise):
    x = random.normal(size=(n + 40, d))
    mix = random.normal(size=(d, targets))
    y = np.tanh(x @ mix) + 0.3 * x[:, :1] ** 2 + noise * random.normal(size=(n + 40, targets)) + 2.0
    train, test = slice(0, n), slice(n, None)
    best = None
    for gamma in [g / d for g in (0.1, 0.3, 1, 3)]:
        for ridge in (1e-4, 1e-3, 1e-2, 1e-1):
            folds = []
            for fit, held in KFold(3).split(x[train]):
                mean = y[fit].mean(0)
                model = KernelRidge(alpha=ridge, kernel="rbf", gamma=gamma).fit(x[fit], y[fit] - mean)
                folds.append(r2_score(y[held], model.predict(x[held]) + mean))
            if best is None or np.mean(folds) > best[0]:
                best = (np.mean(folds), gamma, ridge)
    mean = y[train].mean(0)
    model = KernelRidge(alpha=best[2], kernel="rbf", gamma=best[1]).fit(x[train], y[train] - mean)
    r2 = r2_score(y[test], model.predict(x[test]) + mean, multioutput="raw_values")
    return {"d": d, "targets": targets, "train": n, "x": x.ravel().tolist(), "y": y.ravel().tolist(),
            "validation": best[0], "gamma": best[1], "ridge": best[2], "r2": r2.tolist()}


def main():
    random = np.random.default_rng(20250101)
    golden = {
        "made_with": {"numpy": np.__version__, "scipy": scipy.__version__,
                      "scikit-learn": sklearn.__version__},
        "correlations": correlations(random),
        "assignments": assignments(random),
        "kernel_ridge": [kernel_ridge(random, 2, 2, 61, 0.1), kernel_ridge(random, 3, 1, 80, 0.5),
                         kernel_ridge(random, 1, 3, 50, 0.02)],
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{") + "\n")


if __name__ == "__main__":
    main()
