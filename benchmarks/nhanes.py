#!/usr/bin/env python3
"""The NHANES 2013-14 study measured: agreement between seeds, a permuted control, prediction of outcomes.

Usage: nhanes.py --data DIR --out DIR [--program build/bin/polycause] [--config configs/nhanes.toml]
                 [--seeds 1 2 3 4 5] [--shuffle activity] [--threads 2]

seeds       every seed fits the study anew; per latent, the |Spearman| with its counterpart in every other seed
            (matched within the modality), beside the agreement and warnings that the program itself gave.
control     the rows of one modality are handed to other participants; learned_edges.csv must not touch it.
prediction  area under the ROC curve, five-fold cross-validated logistic regression, of death in the follow-up
            and of diabetes: from the latents, from as many principal components of every modality (rank-normal
            columns, missing cells at 0), and from age and sex as a yardstick.

Runs that stand in --out are used again. Needs numpy, scipy and scikit-learn.
"""
import argparse
import csv
import gzip
import itertools
import json
import pathlib
import shutil
import statistics
import subprocess
import time
import tomllib

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm, rankdata, spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def read_table(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return rows[0][1:], {row[0]: row[1:] for row in rows[1:]}


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def run(options, data, out, seed):
    """Seconds of one `polycause run`; 0 when it stood there already."""
    if (out / "report.html").exists():
        return 0.0
    shutil.rmtree(out, ignore_errors=True)
    start = time.monotonic()
    subprocess.run([options.program, "run", options.config, "--root", data, "--out", out, "--seed", str(seed),
                    "--threads", str(options.threads)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def agreement_between_seeds(runs):
    tables = [read_table(folder / "latents.csv") for folder in runs]
    names, ids = tables[0][0], sorted(tables[0][1])
    values = [np.array([[float(cell) for cell in table[1][i]] for i in ids]) for table in tables]
    modality = [name.split(".")[0] for name in names]
    found = {name: [] for name in names}
    for a, b in itertools.permutations(range(len(runs)), 2):
        for group in dict.fromkeys(modality):
            members = [k for k, owner in enumerate(modality) if owner == group]
            strength = np.array([[abs(spearmanr(values[a][:, i], values[b][:, j])[0]) for j in members] for i in members])
            for i, j in zip(*linear_sum_assignment(-strength)):
                found[names[members[i]]].append((a, strength[i, j]))
    print("| latent | agreement between seeds, by seed | the program's own, by seed | flagged |")
    print("|---|---|---|---|")
    reports = [json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in runs]
    for name in names:
        between = [statistics.mean(v for a, v in found[name] if a == seed) for seed in range(len(runs))]
        own = [next(entry["agreement"] for entry in report["latents"] if entry["name"] == name) for report in reports]
        flagged = [any(w["code"] == "unstable_latent" and w["text"].startswith(name + ":") for w in report["warnings"])
                   for report in reports]
        print(f"| {name} | {' '.join(f'{v:.2f}' for v in between)} | {' '.join(f'{v:.2f}' for v in own)} | "
              f"{sum(flagged)} of {len(flagged)} |")


def shuffled_copy(options, target, seed):
    """The study's folder with the participants of one modality exchanged at random."""
    target.mkdir(parents=True, exist_ok=True)
    spec = tomllib.loads(options.config.read_text(encoding="utf-8"))
    path = next(m["path"] for m in spec["modality"] if m["name"] == options.shuffle)
    for source in options.data.iterdir():
        if source.name != path:
            shutil.copyfile(source, target / source.name)
    names, rows = read_table(options.data / path)
    ids = list(rows)
    order = np.random.default_rng(seed).permutation(len(ids))
    with gzip.open(target / path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([spec["study"]["id"], *names])
        writer.writerows([identity, *rows[ids[k]]] for identity, k in zip(ids, order))


def components(options, ids, counts):
    """As many principal components of every modality's rank-normal columns as it has latents."""
    spec = tomllib.loads(options.config.read_text(encoding="utf-8"))
    blocks = []
    for m in spec["modality"]:
        names, rows = read_table(options.data / m["path"])
        keep = [k for k, name in enumerate(names) if name not in m.get("exclude", [])]
        x = np.array([[number(rows[i][k]) for k in keep] for i in ids])
        for k in range(x.shape[1]):
            present = ~np.isnan(x[:, k])
            ranks = rankdata(x[present, k])
            x[present, k] = norm.ppf((ranks - 0.5) / present.sum())
            x[~present, k] = 0
        left, scale, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
        blocks.append(left[:, :counts[m["name"]]] * scale[:counts[m["name"]]])
    return np.hstack(blocks)


def prediction(options, runs):
    names, rows = read_table(runs[0] / "latents.csv")
    ids = sorted(rows)
    counts = {}
    for name in names:
        counts[name.split(".")[0]] = counts.get(name.split(".")[0], 0) + 1
    table = {name: read_table(options.data / f"{name}.csv.gz")
             for name in ("mortality_2019", "medical_conditions", "demographics")}

    def column(source, name):
        header, cells = table[source]
        return np.array([number(cells[i][header.index(name)]) for i in ids])

    outcomes = {"death": column("mortality_2019", "mortstat"), "diabetes": column("medical_conditions", "bin_diabetes")}
    age_sex = np.column_stack([column("demographics", "RIDAGEYR"), column("demographics", "RIAGENDR")])
    inputs = {"age and sex": [age_sex], "principal components": [components(options, ids, counts)], "latents": []}
    for folder in runs:
        _, rows = read_table(folder / "latents.csv")
        inputs["latents"].append(np.array([[float(cell) for cell in rows[i]] for i in ids]))
    print("| inputs | columns | " + " | ".join(f"AUC {name}" for name in outcomes) + " |")
    print("|---|---|" + "---|" * len(outcomes))
    for name, versions in inputs.items():
        cells = []
        for y in outcomes.values():
            use = np.isin(y, (0, 1))
            scores = []
            for x in versions:
                for split in range(3):
                    folds = StratifiedKFold(5, shuffle=True, random_state=split)
                    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
                    p = cross_val_predict(model, x[use], y[use], cv=folds, method="predict_proba")[:, 1]
                    scores.append(roc_auc_score(y[use], p))
            cells.append(f"{statistics.mean(scores):.3f}" + (f" ({min(scores):.3f}-{max(scores):.3f})" if len(scores) > 3 else ""))
        print(f"| {name} | {versions[0].shape[1]} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--config", type=pathlib.Path, default=pathlib.Path("configs/nhanes.toml"))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--shuffle", default="activity")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    runs, seconds = [], []
    for seed in options.seeds:
        runs.append(options.out / f"seed{seed}")
        seconds.append(run(options, options.data, runs[-1], seed))
    print("seconds of `run`: " + " ".join(f"{s:.0f}" for s in seconds) + " (0: taken from an earlier call)\n")
    agreement_between_seeds(runs)
    print()
    clean = 0
    for seed in options.seeds:
        data = options.out / f"shuffled{seed}"
        shuffled_copy(options, data, seed)
        out = options.out / f"control{seed}"
        run(options, data, out, seed)
        with open(out / "learned_edges.csv", newline="", encoding="utf-8") as file:
            edges = list(csv.DictReader(file))
        touching = [f"{e['source']} - {e['target']}" for e in edges
                    if options.shuffle in (e["source"].split(".")[0], e["target"].split(".")[0])]
        clean += not touching
        print(f"control, {options.shuffle} shuffled, seed {seed}: {len(edges)} learned edges, "
              f"{len(touching)} with it {'; '.join(touching)}")
        shutil.rmtree(data)
    print(f"control: {clean} of {len(options.seeds)} without an edge to the shuffled modality\n")
    prediction(options, runs)


if __name__ == "__main__":
    main()
