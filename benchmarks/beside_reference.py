#!/usr/bin/env python3
"""`polycause fit` beside the PyTorch reference of the staged method: seconds and accuracy on the same studies.

Usage: beside_reference.py --reference staged_reference.py [--program build/bin/polycause] [--python python3]
                           [--case case1] [--seeds 1 2 3]

For every seed a study is simulated; the reference and the program (prior "general", the reference's, and
the default "auto") then fit it in turn on one thread, with the same autoencoder epochs and the same number of
optimiser steps of the density: the program's (starts + finalists) x start_epochs against the reference's
phase A, branches against phase B. Printed: medians of processor seconds (of the whole process; the import of
torch is measured and taken off) and of milliseconds per density step, their ratios in this run, and the
Spearman MCC of both. Processor seconds, because a waiting machine would count for whoever waits longer.

The reference needs numpy and torch; this script only the standard library.
"""
import argparse
import collections
import csv
import itertools
import json
import math
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile

START_EPOCHS, STARTS, FINALISTS, BRANCH_EPOCHS, BATCH = 12, 8, 4, 40, 256
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def processor_seconds(command):
    """(output, user + system seconds) of a command that must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            env=ONE_THREAD).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return output, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def density_steps(run):
    """Steps of all starts and branches: lines of metrics.csv (one an epoch) x steps of an epoch."""
    training = json.loads((run / "run.json").read_text(encoding="utf-8"))["study"]["training"]
    with open(run / "metrics.csv", newline="", encoding="utf-8") as file:
        epochs = sum(row["series"].endswith("/nll") for row in csv.DictReader(file))
    return epochs * (training // BATCH)


def fit(program, study, run, seed, prior):
    _, seconds = processor_seconds([program, "fit", study / "study.toml", "--out", run, "--seed", str(seed),
                                    "--threads", "1", "--set", "train.restarts=1", "--set", f"method.prior={prior}"])
    return {"seconds": seconds, "steps": density_steps(run)}


def reference(options, study, run, seed):
    command = [options.python, options.reference, study / "study.toml", "--out", run, "--seed", str(seed), "--branches", "2",
               "--epochs-a", str(START_EPOCHS * (STARTS + FINALISTS)), "--epochs-b", str(BRANCH_EPOCHS)]
    output, seconds = processor_seconds(command)
    _, imports = processor_seconds([options.python, "-c", "import numpy, torch, torch.nn"])
    times = json.loads(output.strip().splitlines()[-1])
    steps = sum(1e3 * times[f"seconds_phase_{phase}"] / times[f"ms_per_step_{phase}"] for phase in "ab")
    return {"seconds": seconds - imports, "steps": round(steps)}


def spearman_mcc(study, run):
    """Spearman MCC of RUN/latents.csv, matched within modalities by trying every permutation."""
    def columns(path):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        cells = {row[0]: row[1:] for row in rows[1:]}
        return rows[0][1:], cells

    def ranks(values):
        order = sorted(range(len(values)), key=values.__getitem__)
        result = [0.0] * len(values)
        for place, index in enumerate(order):
            result[index] = place - (len(values) - 1) / 2
        scale = math.sqrt(sum(value * value for value in result))
        return [value / scale for value in result]

    names, estimate = columns(run / "latents.csv")
    true_names, truth = columns(study / "truth" / "latents.csv")
    ids = sorted(truth)
    rank_of = {}
    for label, table, which in (("estimate", estimate, names), ("truth", truth, true_names)):
        for k, name in enumerate(which):
            rank_of[label, name] = ranks([float(table[i][k]) for i in ids])
    groups = collections.defaultdict(list)
    for name in true_names:
        groups[name.split(".")[0]].append(name)
    total = 0.0
    for modality, members in groups.items():
        mine = [name for name in names if name.split(".")[0] == modality]
        strength = {(a, b): abs(sum(x * y for x, y in zip(rank_of["truth", a], rank_of["estimate", b])))
                    for a in members for b in mine}
        total += max(sum(strength[pair] for pair in zip(members, order)) for order in itertools.permutations(mine))
    return total / len(true_names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--case", default="case1")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    options = parser.parse_args()
    measured = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            study = pathlib.Path(folder) / f"study{seed}"
            subprocess.run([options.program, "simulate", options.case, "--out", study, "--seed", str(seed)],
                           check=True, stdout=subprocess.DEVNULL)
            run = pathlib.Path(folder) / f"reference{seed}"
            measured["reference"].append({**reference(options, study, run, seed), "mcc": spearman_mcc(study, run)})
            for prior in ("general", "auto"):
                run = pathlib.Path(folder) / f"{prior}{seed}"
                result = fit(options.program, study, run, seed, prior)
                measured[f"polycause, prior {prior}"].append({**result, "mcc": spearman_mcc(study, run)})
    base = statistics.median(r["seconds"] for r in measured["reference"])
    base_step = statistics.median(1e3 * r["seconds"] / r["steps"] for r in measured["reference"])
    print(f"{options.case}, seeds {options.seeds}, one thread, medians")
    print("| program | density steps | processor seconds | ms a step, everything included | times as fast | the same per step | MCC |")
    print("|---|---|---|---|---|---|---|")
    for name, results in measured.items():
        steps = statistics.median(r["steps"] for r in results)
        seconds = statistics.median(r["seconds"] for r in results)
        per_step = statistics.median(1e3 * r["seconds"] / r["steps"] for r in results)
        scores = " ".join(f"{r['mcc']:.3f}" for r in results)
        print(f"| {name} | {steps:.0f} | {seconds:.1f} | {per_step:.2f} | {base / seconds:.1f} | "
              f"{base_step / per_step:.1f} | {scores} |")


if __name__ == "__main__":
    main()
