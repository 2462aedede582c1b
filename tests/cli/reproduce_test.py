"""reproduce fig6: its files, resuming a killed run, what it refuses."""
import csv
import pathlib
import signal
import time
import unittest

import program

TINY = ["reproduce", "fig6", "--quick", "--threads", "1", "--set", "simulate.participants=120"]
RESULTS = ["fig6.csv", "ceiling.csv", "graph.svg", "run/latents.csv", "run/edges.csv"]


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Figure6(program.ProgramTest):
    def setUp(self):
        super().setUp()
        if not pathlib.Path(program.PROGRAM).with_name("polycause_networks.so").exists():
            self.skipTest("this build has no networks for pictures and series")

    def test_files_table_and_resume_after_a_kill(self):
        facts = self.json(*TINY, "--out", "whole")
        self.assertEqual(len(facts["latents"]), 15)
        rows = rows_of(self.work / "whole/fig6.csv")
        self.assertEqual([r["latent"] for r in rows][:4], ["night_1.z1", "night_1.z2", "night_1.z3", "night_2.z1"])
        for row in rows:
            parts = {key: set(filter(None, row[key].split(";"))) for key in ("found", "truth", "right", "missed", "extra")}
            self.assertEqual(parts["right"], parts["found"] & parts["truth"])
            self.assertEqual(parts["missed"], parts["truth"] - parts["found"])
            self.assertEqual(parts["extra"], parts["found"] - parts["truth"])
        truth = {row["latent"]: row["truth"].split(";") for row in rows}
        self.assertIn("sleep.odi", truth["night_2.z1"])
        self.assertIn("night_3.z1", truth["night_2.z1"])
        self.assertIn("fundus_left.z2", truth["night_2.z1"])  # the same hidden apnoea behind both
        self.assertIn("demographics.sex", truth["night_1.z3"])  # over the hidden muscularity
        self.assertIn("vessels.sbp", truth["fundus_right.z1"])
        self.assertNotIn("body.waist", truth["fundus_right.z1"])  # adiposity acts on the pressure: indirect
        self.assertNotIn("body.bmi", " ".join(row["truth"] for row in rows))  # derived: left out
        self.assertIn("<svg", (self.work / "whole/graph.svg").read_text(encoding="utf-8"))

        process = self.start_program(*TINY, "--out", "cut")
        deadline = time.monotonic() + 60
        while not (self.work / "cut/study/study.toml").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        # As if the kill had come while files were being made.
        (self.work / "cut/study/study.toml").unlink()
        (self.work / "cut/run").mkdir(exist_ok=True)
        (self.work / "cut/run/config.toml").unlink(missing_ok=True)
        (self.work / "cut/run/config.toml.part1").write_text("half")
        self.assertIn("latents have a right one", self.run_program(*TINY, "--out", "cut").stdout)
        for name in RESULTS:
            self.assertEqual((self.work / "whole" / name).read_bytes(), (self.work / "cut" / name).read_bytes(), name)

    def test_two_at_once_in_one_folder(self):
        command = ["reproduce", "fig5a", "--quick", "--threads", "1", "--methods", "staged", "--out", "both"]
        process = self.start_program(*command)
        deadline = time.monotonic() + 60
        while not (self.work / "both/rows").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)
        self.assertIn("another command at work", self.run_program(*command, code=2).stderr)
        self.assertEqual(process.communicate(timeout=120)[1].count("crashed"), 0)
        self.assertEqual(process.returncode, 0)

    def test_refuses_foreign_folders_and_other_settings(self):
        self.write("mine/notes.txt", "mine")
        self.run_program(*TINY, "--out", "mine", code=2)
        self.write("begun/reproduce.toml", 'name = "fig6"\nseed = 7\nquick = false\n')
        self.assertIn("seed = 7", self.run_program(*TINY, "--out", "begun", code=2).stderr)
        self.assertEqual(self.files(), ["begun", "begun/reproduce.toml", "mine", "mine/notes.txt"])

    def test_settings_are_checked_before_anything_is_written(self):
        for more in (["--set", "simulate.tables=x"], ["--set", "train.batsch=1"], ["--set", "simulate.columns=13"],
                     ["--set", "noise"], ["--participants", "5"], ["--seed", "-1"]):
            self.run_program(*TINY, "--out", "x", *more, code=2)
        self.run_program("reproduce", "fig7", "--out", "x", code=2)
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
