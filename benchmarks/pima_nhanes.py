#!/usr/bin/env python3
"""Discrete features of NHANES 2013-14 (`pima`) beside the latents and the graph of `staged`.

Usage: pima_nhanes.py --data DIR --staged DIR --out DIR [--program build/bin/polycause] [--config configs/nhanes.toml]
                      [--nodes 3] [--outcomes 3] [--seeds 1 2 3] [--run-set train.restarts=1 ...]

--staged holds the runs of nhanes.py (seed1, seed2, ...). Per feature and latent of the same seed: mutual information (nat; the latent in
sixteen quantiles, less what a shuffled latent has) and |Spearman| of the feature's expected outcome. A feature belongs to the latent it
tells most of. Edges between features are counted as agreed where the two latents are joined by `staged` (or are the same one); beside
them, how many of all pairs of features are so joined. Runs that stand in --out are used again. Needs numpy and scipy.
"""
import argparse
import csv
import itertools
import json
import pathlib
import subprocess

import numpy as np
from scipy.stats import spearmanr

BINS = 16


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return rows[0][1:], {row[0]: row[1:] for row in rows[1:]}


def information(a, b):
    joint = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(joint, (a, b), 1 / len(a))
    product = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    return float((joint[joint > 0] * np.log(joint[joint > 0] / product[joint > 0])).sum())


def pairs(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {frozenset((row["source"], row["target"])) for row in csv.DictReader(file)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--staged", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("configs/nhanes.toml"))
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--outcomes", default="3")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--run-set", action="append", default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print("| seed | feature | shares | latent | nat | Spearman | next latent | nat | edges, agreed | pairs joined by `staged` |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for seed in options.seeds:
        run = options.out / f"seed{seed}"
        if not (run / "report.html").exists():
            changes = ["method.name=pima", f"method.nodes={options.nodes}", f"method.outcomes={options.outcomes}", *options.run_set]
            subprocess.run([options.program, "run", options.config, "--root", options.data, "--out", run, "--force", "--seed", str(seed),
                            "--threads", "1", *(part for change in changes for part in ("--set", change))], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names, found = table(run / "features.csv")
        latents, values = table(options.staged / f"seed{seed}" / "latents.csv")
        ids = [i for i in values if i in found and all(found[i])]
        features = [k for k, name in enumerate(names) if not name.endswith(".p")]
        z = np.array([[float(cell) for cell in values[i]] for i in ids])
        joined = pairs(options.staged / f"seed{seed}" / "learned_edges.csv")
        shuffle = np.random.default_rng(seed)
        belongs, lines = {}, []
        for k in features:
            _, own = np.unique([found[i][k] for i in ids], return_inverse=True)
            told = []
            for j, latent in enumerate(latents):
                quantile = (z[:, j].argsort().argsort() * BINS // len(ids)).astype(int)
                chance = information(own, shuffle.permutation(quantile))
                told.append((information(own, quantile) - chance, abs(spearmanr(own, z[:, j])[0]), latent))
            told.sort(reverse=True)
            belongs[names[k]] = told[0][2]
            shares = " ".join(f"{share:.2f}" for share in np.bincount(own) / len(own))
            lines.append(f"| {seed} | {names[k]} | {shares} | {told[0][2]} | {told[0][0]:.2f} | {told[0][1]:.2f} | {told[1][2]} | {told[1][0]:.2f} |")
        agrees = lambda a, b: belongs[a] == belongs[b] or frozenset((belongs[a], belongs[b])) in joined
        edges = [tuple(pair) for pair in pairs(run / "learned_edges.csv")]
        everything = list(itertools.combinations(belongs, 2))
        lines[0] += f" {sum(agrees(a, b) for a, b in edges)} of {len(edges)} | {sum(agrees(a, b) for a, b in everything)} of {len(everything)} |"
        print("\n".join(line if line.count("|") > 9 else line + " | |" for line in lines), flush=True)
        checks = json.loads((run / "run.json").read_text(encoding="utf-8")).get("checks", {})
        print(f"<!-- seed {seed}: edges {sorted(sorted(e) for e in edges)}, "
              + ", ".join(f"{key} {value:.3f}" for key, value in checks.items() if isinstance(value, float)) + " -->", flush=True)


if __name__ == "__main__":
    main()
