#!/usr/bin/env python3
"""How well the truth of a simulated study can be read off its tables by a network that is told it.

Usage: supervised_ceiling.py STUDY_DIR [--seed 0] [--repeats 3] [--epochs 60] [--json]

For every modality, a multilayer perceptron (64-64, LeakyReLU: the size of the encoders) goes from the
modality's own encoded columns to its true latents: numbers as (value - median) / (0.7413 IQR), or as
normal quantiles of their ranks where study.toml says rank_normal = true; texts as one standardised
indicator per level; a missing cell as 0, and one more input per column that says what is present. 90 % of
the participants are learned from, |Spearman| is taken on the others; mean over `repeats` splits. No
unsupervised method can be expected to do better with such encoders.

Needs numpy, scipy and torch.
"""
import argparse
import csv
import json
import pathlib
import tomllib

import numpy as np
import torch
from scipy.stats import norm, spearmanr

LEAST_INDICATOR_SD = 0.15
CLIP = 8.0


def read_table(path):
    """(ids, names, cells as text)"""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return [row[0] for row in rows[1:]], rows[0][1:], [row[1:] for row in rows[1:]]


def is_numeric(cells):
    try:
        [float(cell) for cell in cells if cell]
    except ValueError:
        return False
    return True


def encode(names, cells, train, rank_normal):
    """(n, width) encoded columns and (n, columns) presence; scales from the rows `train`."""
    columns, presence = [], []
    for k in range(len(names)):
        texts = [row[k] for row in cells]
        present = np.array([text != "" for text in texts])
        presence.append(present.astype(np.float32))
        if is_numeric(texts):
            values = np.array([float(text) if text else np.nan for text in texts])
            known = np.sort(values[train & present])
            if rank_normal:
                rank = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / 2
                x = norm.ppf(np.clip(rank, 0.5, len(known) - 0.5) / len(known))
                columns.append(np.where(present, x, 0))
                continue
            low, median, high = np.percentile(known, [25, 50, 75])
            scale = 0.7413 * (high - low) or known.std() or 1.0
            x = (values - median) / scale
            large = np.abs(x) > CLIP
            x[large] = np.sign(x[large]) * (CLIP + np.log1p(np.abs(x[large]) - CLIP))
            columns.append(np.where(present, x, 0))
            continue
        for level in sorted({text for text in texts if text}):
            indicator = np.array([text == level for text in texts], dtype=float)
            share = indicator[train & present].mean()
            sd = max(np.sqrt(share * (1 - share)), LEAST_INDICATOR_SD)
            columns.append(np.where(present, (indicator - share) / sd, 0))
    return np.stack(columns, 1).astype(np.float32), np.stack(presence, 1)


def fit_and_score(x, z, train, seed, epochs, batch=256, learning_rate=3e-3):
    """(d_z,) |Spearman| on the rows that are not `train`."""
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], 64), torch.nn.LeakyReLU(0.2),
        torch.nn.Linear(64, 64), torch.nn.LeakyReLU(0.2), torch.nn.Linear(64, z.shape[1]))
    optimiser = torch.optim.AdamW(net.parameters(), lr=learning_rate, weight_decay=1e-3)
    x_train, z_train = torch.tensor(x[train]), torch.tensor(z[train])
    steps = epochs * ((len(x_train) + batch - 1) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x_train)).split(batch):
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(net(x_train[rows]), z_train[rows]).backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        estimate = net(torch.tensor(x[~train])).numpy()
    return [abs(spearmanr(estimate[:, k], z[~train, k])[0]) for k in range(z.shape[1])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("study", help="directory that `polycause simulate` wrote")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    study = pathlib.Path(arguments.study)
    spec = tomllib.loads((study / "study.toml").read_text())
    truth_ids, truth_names, truth_cells = read_table(study / "truth" / "latents.csv")
    truth = dict(zip(truth_ids, truth_cells))
    scores = {}
    for modality in spec["modality"]:
        ids, names, cells = read_table(study / modality["path"])
        own = [k for k, name in enumerate(truth_names) if name.rpartition(".")[0] == modality["name"]]
        z = np.array([[float(truth[i][k]) for k in own] for i in ids], dtype=np.float32)
        runs = []
        for repeat in range(arguments.repeats):
            random = np.random.default_rng([arguments.seed, repeat])
            train = np.ones(len(ids), dtype=bool)
            train[random.permutation(len(ids))[:len(ids) // 10]] = False
            x, present = encode(names, cells, train, modality.get("rank_normal") is True)
            runs.append(fit_and_score(np.concatenate([x, present], 1), z, train,
                                      arguments.seed + repeat, arguments.epochs))
        for k, score in zip(own, np.mean(runs, 0)):
            scores[truth_names[k]] = round(float(score), 4)
    result = {"latents": scores, "mean": round(float(np.mean(list(scores.values()))), 4),
              "min": min(scores.values())}
    if arguments.json:
        print(json.dumps(result))
        return
    for name, score in scores.items():
        print(f"{name:24s} {score:.3f}")
    print(f"{'mean':24s} {result['mean']:.3f}")
    print(f"{'min':24s} {result['min']:.3f}")


if __name__ == "__main__":
    main()
