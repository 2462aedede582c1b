#!/usr/bin/python3
"""Does a fit's own evidence tell how close its latents are to the true ones? Calibration on simulated studies.

Usage: certificate.py --program build/bin/polycause --out DIR [--studies 0:30] [--refit]

Study K draws its case, size, noise, mixing, mechanism and strength of links from a stream seeded by K, is fitted
with three restarts and scored against its truth. One line per latent goes to DIR/certificate.csv; studies that
stand there are not run again. The table compares what the program expected of a latent (run.json: expected) with
its rank correlation with the truth. --refit also prints the regression that src/methods/certificate.cpp holds,
with predictions that leave out the study they are made for.

Needs NumPy.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess

import numpy as np
from kept_rows import KeptRows

COLUMNS = ["study", "case", "settings", "participants", "latent", "truth", "agreement", "agreement_min", "replicates",
           "predicted_r2", "expected", "expected_low"]
BOUNDS = [0, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0001]


def draw(study):
    """Case and settings of a study, from easy to hopeless."""
    stream = random.Random(study)
    case = stream.choice(["case1", "case2", "free", "free"])
    settings = {"participants": stream.choice([300, 600, 1200, 2500, 5000]),
                "noise": stream.choice(["laplace", "laplace", "gaussian", "uniform"]),
                "mixing": stream.choice(["square", "deep"]),
                "mechanism": stream.choice(["mixed", "mixed", "nonadditive"]),
                "edge_scale": stream.choice([1, 1, 0.5, 0.3])}
    if case == "free":
        settings["modalities"] = stream.choice([2, 3])
        settings["latents"] = stream.choice([2, 3])
        settings["columns"] = stream.choice([15, 20])
        if settings["modalities"] == 2:
            settings["sparsity_ratio"] = stream.choice([0, 0.34, 0.5])
        else:
            settings["extra_edges"] = stream.choice([0, 2])
    return case, settings


def measure(options, study):
    case, settings = draw(study)
    folder, run = options.out / f"study{study}", options.out / f"run{study}"
    for path in (folder, run):
        shutil.rmtree(path, ignore_errors=True)
    changes = [part for key, value in settings.items() for part in ("--set", f"simulate.{key}={value}")]
    subprocess.run([options.program, "simulate", case, "--out", folder, "--seed", str(study), *changes], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([options.program, "run", folder / "study.toml", "--out", run, "--seed", str(study), "--threads", "1"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fit = json.loads((run / "run.json").read_text(encoding="utf-8"))
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    truth = {latent["estimate"]: latent["spearman"] for latent in scores["latents"]}
    for path in (folder, run):
        shutil.rmtree(path)
    said = " ".join(f"{key}={value}" for key, value in settings.items())
    return [{**latent, "study": study, "case": case, "settings": said, "participants": settings["participants"],
             "latent": latent["name"], "truth": truth[latent["name"]]} for latent in fit["latents"]]


def calibration(expected, truth):
    print("| expected | latents | median true | nine in ten above | worst | share >= .9 | share >= .95 |")
    print("|---|---|---|---|---|---|---|")
    for low, high in zip(BOUNDS, BOUNDS[1:]):
        own = truth[(expected >= low) & (expected < high)]
        if own.size:
            print(f"| {low:.2f}-{min(high, 1):.2f} | {own.size} | {np.median(own):.3f} | {np.quantile(own, 0.1):.3f} | "
                  f"{own.min():.3f} | {np.mean(own >= 0.9):.2f} | {np.mean(own >= 0.95):.2f} |")


def refit(rows, truth):
    def fisher(r):
        return np.arctanh(np.clip(r, 0, 0.998))

    numbers = {key: np.array([float(row[key]) for row in rows]) for key in ("agreement", "predicted_r2", "participants")}
    x = np.column_stack([np.ones(len(rows)), fisher(numbers["agreement"]),
                         fisher(np.sqrt(np.maximum(numbers["predicted_r2"], 0))), np.log(numbers["participants"])])
    y = fisher(truth)
    study = np.array([int(row["study"]) for row in rows])
    predicted = np.empty(len(rows))
    for left_out in set(study):
        rest = study != left_out
        predicted[~rest] = x[~rest] @ np.linalg.lstsq(x[rest], y[rest], rcond=None)[0]
    print("\nleft out by study:")
    calibration(np.tanh(np.maximum(predicted, 0)), truth)
    print("intercept, agreement, predicted, log participants:", np.linalg.lstsq(x, y, rcond=None)[0].round(3))
    print("tenth percentile of the left-out residuals:", np.quantile(y - predicted, 0.1).round(2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--studies", default="0:30", help="first:beyond")
    parser.add_argument("--refit", action="store_true")
    options = parser.parse_args()
    kept = KeptRows(options.out / "certificate.csv", COLUMNS)
    for study in range(*map(int, options.studies.split(":"))):
        if not kept.has(study=study):
            kept.add(measure(options, study))
    rows = kept.rows
    truth = np.array([float(row["truth"]) for row in rows])
    calibration(np.array([float(row["expected"]) for row in rows]), truth)
    if options.refit:
        refit(rows, truth)


if __name__ == "__main__":
    main()
