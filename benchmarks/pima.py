#!/usr/bin/env python3
"""Scores of `pima` on fresh simulated studies of discrete features, with chosen modalities and laws.

Usage: pima.py --program build/bin/polycause --out DIR [--study circles] [--designs chain fork collider full none]
               [--views both picture curve law law_curve] [--seeds 1 2 3 4 5] [--participants 3000]
               [--set simulate.picture_size=16 ...] [--run-set train.restarts=1 ...] [--label default]

Views: both modalities; the picture or the curve alone; both with the law of the curves as their decoder; the curve with its law alone.
Every study is simulated, run with the program's defaults, scored against its truth and deleted; one line per study goes to
DIR/pima.csv, and studies that stand there already are not run again. The table at the end gives medians and worst values.

Columns: share of right outcomes after features and outcomes were matched; skeleton and class distance of the network; disentanglement
after Eastwood and Williams (2018): P_ij = I(found i; true j | the other true ones), normalised over the true features j of a found one,
D_i = 1 - H(P_i) / log L, averaged with the found features' shares of all information; 1 when every found feature tells of one true
feature only, however dependent the true ones are. predicted: held-out R2 of a modality from the others.

Needs only Python's standard library.
"""
import argparse
import collections
import csv
import json
import math
import pathlib
import shutil
import statistics
import subprocess
import time

from kept_rows import KeptRows

COLUMNS = ["label", "study", "design", "view", "seed", "participants", "accuracy", "worst", "shd_skeleton", "shd_class", "disentanglement",
           "predicted_picture", "predicted_curve", "bound", "seconds"]
SETTINGS = {"both": [], "picture": ["simulate.curves=off"], "curve": ["simulate.pictures=off"], "law": ["simulate.curves=law"],
            "law_curve": ["simulate.curves=law", "simulate.pictures=off"]}


def information(a, b, given):
    """Mutual information of two lists of labels given a third, nat."""
    total = len(a)
    joint, of_a = collections.Counter(zip(a, b, given)), collections.Counter(zip(a, given))
    of_b, of_given = collections.Counter(zip(b, given)), collections.Counter(given)
    return sum(n / total * math.log(n * of_given[z] / (of_a[x, z] * of_b[y, z])) for (x, y, z), n in joint.items())


def disentanglement(found, truth):
    """Of lists of label lists."""
    if len(truth) < 2:
        return 1.0
    others = [list(zip(*(t for t in truth if t is not own))) for own in truth]
    told = [[max(0.0, information(f, t, rest)) for t, rest in zip(truth, others)] for f in found]
    everything = sum(map(sum, told))
    score = 0.0
    for row in told:
        if sum(row) > 0:
            shares = [v / sum(row) for v in row]
            entropy = -sum(p * math.log(p) for p in shares if p > 0)
            score += sum(row) / everything * (1 - entropy / math.log(len(truth)))
    return score


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row.pop("sample_id"): row for row in rows}


def labels(found, truth):
    """Found and true outcomes of the participants that have both."""
    ids = [i for i in truth if i in found and all(found[i].values())]
    names = [name for name in found[ids[0]] if not name.endswith(".p")]  # which come with their probability
    return ([[found[i][name] for i in ids] for name in names], [[truth[i][name] for i in ids] for name in truth[ids[0]]])


def measure(options, design, view, seed):
    name = f"{options.label}_{options.study}_{design}_{view}_{seed}"
    study, run = options.out / name, options.out / (name + "_run")
    for folder in (study, run):
        shutil.rmtree(folder, ignore_errors=True)
    wanted = [f"simulate.participants={options.participants}", *SETTINGS[view], *options.set]
    if options.study == "circles":
        wanted.append(f"simulate.design={design}")
    changes = [part for change in wanted for part in ("--set", change)]
    subprocess.run([options.program, "simulate", options.study, "--out", study, "--seed", str(seed), *changes], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    changes = [part for change in options.run_set for part in ("--set", change)]
    start = time.monotonic()
    subprocess.run([options.program, "run", study / "study.toml", "--out", run, "--seed", str(seed), "--threads", "1", *changes], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    checks = json.loads((run / "run.json").read_text(encoding="utf-8")).get("checks", {})
    found, truth = labels(table(run / "features.csv"), table(study / "truth" / "features.csv"))
    predicted = {key.split("/")[1]: value for key, value in checks.items() if key.startswith("predicted_r2/")}
    curves = [value for key, value in predicted.items() if key in ("curve", "compression", "line")]
    pictures = [value for key, value in predicted.items() if key in ("circle", "picture", "digit")]
    for folder in (study, run):
        shutil.rmtree(folder)
    return {"label": options.label, "study": options.study, "design": design, "view": view, "seed": seed,
            "participants": options.participants, "accuracy": scores["feature_accuracy"],
            "worst": min(feature["accuracy"] for feature in scores["features"]), "shd_skeleton": scores["feature_shd_skeleton"],
            "shd_class": scores["feature_shd_class"], "disentanglement": round(disentanglement(found, truth), 4),
            "predicted_picture": pictures[0] if pictures else "",
            "predicted_curve": curves[0] if curves else "", "bound": checks.get("bound", ""), "seconds": round(seconds, 1)}


def summary(rows):
    print("| label | design | view | studies | accuracy median | worst | true skeleton | true class | disentanglement | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    groups = collections.OrderedDict()
    for row in rows:
        groups.setdefault((row["label"], row["design"], row["view"]), []).append(row)
    for (label, design, view), group in groups.items():
        middle = {key: statistics.median(float(row[key]) for row in group) for key in ("accuracy", "disentanglement", "seconds")}
        zero = {key: sum(str(row[key]) == "0" for row in group) for key in ("shd_skeleton", "shd_class")}
        print(f"| {label} | {design} | {view} | {len(group)} | {middle['accuracy']:.3f} | {min(float(row['accuracy']) for row in group):.3f} | "
              f"{zero['shd_skeleton']} | {zero['shd_class']} | {middle['disentanglement']:.2f} | "
              f"{middle['seconds']:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--study", default="circles", choices=["circles", "lattices", "digits_lines"])
    parser.add_argument("--designs", nargs="+", default=["chain", "fork", "collider", "full", "none"])
    parser.add_argument("--views", nargs="+", default=["both", "picture", "curve", "law"], choices=list(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--participants", type=int, default=3000)
    parser.add_argument("--set", action="append", default=[], help="setting of `simulate`")
    parser.add_argument("--run-set", action="append", default=[], help="setting of `run`")
    parser.add_argument("--label", default="default")
    options = parser.parse_args()
    if options.study != "circles":
        options.designs = ["own"]
    kept = KeptRows(options.out / "pima.csv", COLUMNS)
    for seed in options.seeds:
        for design in options.designs:
            for view in options.views:
                if not kept.has(label=options.label, study=options.study, design=design, view=view, seed=seed,
                                participants=options.participants):
                    kept.add([measure(options, design, view, seed)])
    summary(kept.rows)


if __name__ == "__main__":
    main()
