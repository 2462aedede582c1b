#!/usr/bin/env python3
"""Scores of `polycause run` on fresh simulated studies, beside the targets it is held to.

Usage: accuracy.py --program build/bin/polycause --out DIR [--cases case1 case2 case3] [--seeds 1001 1002 ...]
                   [--set simulate.mixing=deep ...] [--run-set train.restarts=1 ...] [--threads 1] [--label square]

Every study is simulated, fitted with the program's defaults, scored against its truth and deleted; one
line per study goes to DIR/accuracy.csv, and studies that stand there already are not run again. The table
at the end gives, per label and case: median and worst Spearman MCC, median and worst R2, how many graphs
are exact, the largest structural Hamming distance, median seconds.

Needs only Python's standard library.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import time

from kept_rows import KeptRows

COLUMNS = ["label", "case", "seed", "mcc_spearman", "mcc_spearman_min", "mcc", "r2", "shd", "shd_within", "seconds"]


def measure(options, case, seed):
    """One study: simulate, run, read the scores."""
    study = options.out / f"{options.label}_{case}_{seed}"
    run = options.out / f"{options.label}_{case}_{seed}_run"
    for folder in (study, run):
        shutil.rmtree(folder, ignore_errors=True)
    changes = [part for change in options.set for part in ("--set", change)]
    subprocess.run([options.program, "simulate", case, "--out", study, "--seed", str(seed), *changes],
                   check=True, stdout=subprocess.DEVNULL)
    changes = [part for change in options.run_set for part in ("--set", change)]
    start = time.monotonic()
    subprocess.run([options.program, "run", study / "study.toml", "--out", run, "--seed", str(seed),
                    "--threads", str(options.threads), *changes],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    for folder in (study, run):
        shutil.rmtree(folder)
    return {**{name: scores.get(name) for name in COLUMNS}, "label": options.label, "case": case, "seed": seed,
            "seconds": round(seconds, 1)}


def summary(rows):
    """Markdown table, one line per (label, case)."""
    print("| label | case | studies | MCC median | MCC worst | R2 median | R2 worst | SHD 0 | SHD worst | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for label, case in sorted({(row["label"], row["case"]) for row in rows}):
        group = [row for row in rows if (row["label"], row["case"]) == (label, case)]
        mcc = [float(row["mcc_spearman"]) for row in group]
        r2 = [float(row["r2"]) for row in group]
        shd = [int(row["shd"]) for row in group]
        seconds = statistics.median(float(row["seconds"]) for row in group)
        print(f"| {label} | {case} | {len(group)} | {statistics.median(mcc):.3f} | {min(mcc):.3f} | "
              f"{statistics.median(r2):.3f} | {min(r2):.3f} | {shd.count(0)} | {max(shd)} | {seconds:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--cases", nargs="+", default=["case1", "case2", "case3"])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(1001, 1011)))
    parser.add_argument("--set", action="append", default=[], help="setting of `simulate`")
    parser.add_argument("--run-set", action="append", default=[], help="setting of `run`")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--label", default="square")
    options = parser.parse_args()
    kept = KeptRows(options.out / "accuracy.csv", COLUMNS)
    for seed in options.seeds:
        for case in options.cases:
            if not kept.has(label=options.label, case=case, seed=seed):
                kept.add([measure(options, case, seed)])
    summary(kept.rows)


if __name__ == "__main__":
    main()
