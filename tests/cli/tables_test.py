"""reproduce table4, fig5*, fig8*: files, resuming a killed run, what is refused."""
import csv
import json
import signal
import time
import unittest

import program

QUICK = ["--quick", "--threads", "2", "--methods", "staged"]


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scores(folder):
    """Every row's file without its times."""
    found = {}
    for path in sorted((folder / "rows").glob("*.json")):
        found[path.name] = {k: v for k, v in json.loads(path.read_text(encoding="utf-8")).items() if k != "seconds"}
    return found


class Tables(program.ProgramTest):
    def test_files_and_more_seeds_later(self):
        first = self.run_program("reproduce", "table4", *QUICK, "--out", "t")
        self.assertIn("paper MCC", first.stdout)
        self.assertIn("0.91", first.stdout)
        lines = {row["setting"]: row for row in rows_of(self.work / "t/table4.csv")}
        self.assertEqual(lines["eight"]["paper_mcc"], "0.91")
        self.assertEqual(lines["eight"]["seeds"], "1")
        self.assertEqual(lines["eight"]["mcc_spearman_sd"], "")
        page = (self.work / "t/table4.html").read_text(encoding="utf-8")
        self.assertIn("<svg", page)
        for outside in ("src=", "href=", "@import", "url(http"):
            self.assertNotIn(outside, page)
        self.assertFalse((self.work / "t/work").exists())

        times = {p: p.stat().st_mtime_ns for p in (self.work / "t/rows").iterdir()}
        self.run_program("reproduce", "table4", *QUICK, "--seeds", "2", "--out", "t")
        for path, before in times.items():
            self.assertEqual(path.stat().st_mtime_ns, before, path)
        line = rows_of(self.work / "t/table4.csv")[0]
        self.assertEqual(line["seeds"], "2")
        self.assertGreater(float(line["mcc_spearman_sd"]), 0)

    def test_graph_curve_and_shared_rows(self):
        self.run_program("reproduce", "fig5a", *QUICK, "--out", "t")
        self.assertIn("m2.z1", (self.work / "t/fig5a.html").read_text(encoding="utf-8"))
        before = set(scores(self.work / "t"))
        self.run_program("reproduce", "fig5b", *QUICK, "--out", "t")
        self.assertLess(before, set(scores(self.work / "t")))  # case 1 was there
        done = self.run_program("reproduce", "fig8a", "--quick", "--threads", "2", "--out", "t")
        self.assertIn("of 2 modalities", done.stdout)
        self.assertIn("Held-out loss", (self.work / "t/fig8a.html").read_text(encoding="utf-8"))

    def test_resume_after_a_kill_gives_the_same(self):
        command = ["reproduce", "fig5b", *QUICK, "--seeds", "3"]
        self.run_program(*command, "--out", "whole")
        process = self.start_program(*command, "--out", "cut")
        deadline = time.monotonic() + 60
        while len(list((self.work / "cut").glob("rows/*.json"))) < 2:
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        time.sleep(0.3)  # its children end with it
        kept = scores(self.work / "cut")
        self.assertLess(len(kept), 9)
        damaged = sorted((self.work / "cut/rows").glob("*.json"))[0]
        damaged.write_text('{"settings"', encoding="utf-8")
        self.run_program(*command, "--out", "cut")
        self.assertEqual(scores(self.work / "cut"), scores(self.work / "whole"))

    def test_interrupt_keeps_what_is_done(self):
        command = ["reproduce", "fig5b", "--methods", "staged", "--threads", "2", "--participants", "400"]
        process = self.start_program(*command, "--out", "t")
        deadline = time.monotonic() + 60
        while not list((self.work / "t").glob("work/*/checkpoints")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("the same command goes on", errors)

    def test_plan_writes_nothing(self):
        done = self.run_program("reproduce", "all", "--plan", "--out", "t", "--threads", "2")
        self.assertIn("table4", done.stdout)
        self.assertIn("on 2 cores", done.stdout)
        self.assertNotIn("table2", done.stdout)
        self.assertEqual(self.files(), [])

    def test_refused_before_anything_is_written(self):
        for more in (["table4", "--methods", "nosuch"], ["table2"], ["table4", "--set", "train.startz=1"],
                     ["fig5c", "--set", "simulate.columns=1"], ["table4", "--seeds", "0"], ["fig6", "--plan"],
                     ["table4", "--methods", "select"], ["table4", "--set", "method.name=joint"]):
            self.run_program("reproduce", *more, "--out", "t", code=2)
        self.assertEqual(self.files(), [])
        self.run_program("reproduce", "fig5a", *QUICK, "--out", "t")
        self.run_program("reproduce", "fig5a", *QUICK, "--seed", "9", "--out", "t", code=2)

    def test_a_failed_row_is_told_and_tried_again(self):
        command = ["reproduce", "fig5a", *QUICK, "--out", "t"]
        failing = [*command, "--set", "train.learning_rate=1", "--set", "simulate.columns=3"]
        done = self.run_program(*command)
        row = next((self.work / "t/rows").glob("*.json"))
        content = json.loads(row.read_text(encoding="utf-8"))
        content["error"] = "the disk was full"
        row.write_text(json.dumps(content), encoding="utf-8")
        self.assertEqual(self.run_program(*command).stdout.splitlines()[:1], done.stdout.splitlines()[:1])
        self.assertEqual(json.loads(row.read_text(encoding="utf-8"))["error"], "")
        self.run_program(*failing, code=2)  # other settings need another folder


if __name__ == "__main__":
    unittest.main()
