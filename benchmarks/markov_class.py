#!/usr/bin/env python3
"""The learned graph beside the Markov equivalence class that PC finds over the same latents.

Usage: markov_class.py --program build/bin/polycause RUN ... [--set discover.test=rcit ...]

RUN: run folders of fits with a graph and a given order (every learned edge has an arrow). Per run: pairs of latents of
different modalities joined in the learned graph, in PC's, in one of them only; arrows of PC that the class of the learned
graph (its colliders and what follows from them) has the other way round; is PC's graph that class?

Needs only Python's standard library.
"""
import argparse
import csv
import itertools
import pathlib
import subprocess
import tempfile


def learned_class(edges):
    """Pattern of an acyclic graph, Meek (1995): pairs joined, and arrows (source, target) that all equivalent graphs share."""
    joined = {frozenset(edge) for edge in edges}
    nodes = sorted({node for edge in edges for node in edge})
    arrows = set()
    for a, b in itertools.combinations(nodes, 2):
        if frozenset((a, b)) not in joined:
            arrows |= {(x, c) for c in nodes if (a, c) in edges and (b, c) in edges for x in (a, b)}

    def follows(a, b):
        """Rules 1 to 3 for a - b; the fourth is needed with background knowledge only."""
        between = [c for c in nodes if c not in (a, b)]
        if any((c, a) in arrows and frozenset((c, b)) not in joined for c in between):
            return True
        if any((a, c) in arrows and (c, b) in arrows for c in between):
            return True
        sides = [c for c in between if frozenset((a, c)) in joined and (c, b) in arrows]
        return any(frozenset(pair) not in joined for pair in itertools.combinations(sides, 2))

    while True:
        further = {(a, b) for pair in joined for a, b in (tuple(pair), tuple(pair)[::-1])
                   if not {(a, b), (b, a)} & arrows and follows(a, b)}
        if not further:
            return joined, arrows
        arrows |= further


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["kind"] != "forbidden"]


def compare(options, run):
    learned = {(row["source"], row["target"]) for row in table(run / "learned_edges.csv")}
    changes = [part for change in options.set for part in ("--set", change)]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.program, "discover", run / "latents.csv", "--out", pathlib.Path(folder) / "pc", "--threads", "1",
                        *changes], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = table(pathlib.Path(folder) / "pc" / "edges.csv")
    found = {frozenset((row["source"], row["target"])) for row in rows}
    pointed = {(row["source"], row["target"]) for row in rows
               if (row["mark_source"], row["mark_target"]) == ("tail", "arrow")}
    joined, arrows = learned_class(learned)

    def across(pairs):
        return {pair for pair in pairs if len({node.rsplit(".", 1)[0] for node in pair}) == 2}

    turned = sum((b, a) in arrows for a, b in pointed)
    same = joined == found and arrows == pointed
    print(f"| {run.name} | {len(across(joined))} | {len(across(found))} | {len(across(joined - found))} | "
          f"{len(across(found - joined))} | {len(found) - len(across(found))} | {turned} | {'yes' if same else 'no'} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/bin/polycause")
    parser.add_argument("--set", action="append", default=[], help="setting of `discover`")
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    options = parser.parse_args()
    print("| run | learned | PC | learned only | PC only | PC, inside a modality | arrows turned | same class |")
    print("|---|---|---|---|---|---|---|---|")
    for run in options.runs:
        compare(options, run)


if __name__ == "__main__":
    main()
