"""select: table, files, resuming, what is refused."""
import csv
import signal
import time
import unittest

import program

FAST = ["--latents", "1..3", "--threads", "2", "--set", "select.splits=2", "--set", "select.epochs=8"]


class Select(program.ProgramTest):
    def test_finds_two_latents_and_writes_the_curve(self):
        study = self.small_study(participants=2500)
        found = self.json("select", study, *FAST, "--out", "s")
        self.assertEqual([one["latents"] for one in found], [2, 2])
        self.assertEqual([one["width"] for one in found], [3, 3])
        self.assertEqual([count["latents"] for count in found[0]["counts"]], [0, 1, 2, 3])
        with open(self.work / "s/select.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["latents"] for row in rows if row["chosen"] == "yes"], ["2", "2"])
        self.assertIn("<svg", (self.work / "s/select.svg").read_text(encoding="utf-8"))
        text = self.run_program("select", study, *FAST, "--out", "s").stdout  # from what is there
        self.assertIn("m1: latents = 2, private = 1", text)
        self.assertIn("of 2 splits", text)

    def test_shared_latents_play_no_part(self):
        study = self.simulate("shared2", "study", "--set", "simulate.participants=300")
        found = self.json("select", study, *FAST, "--set", "select.epochs=1", "--out", "s")
        self.assertEqual([one["modality"] for one in found], ["m1", "m2"])

    def test_one_modality(self):
        study = self.small_study(participants=400)
        found = self.json("select", study, *FAST, "--set", "select.epochs=1", "--modality", "m2", "--out", "s")
        self.assertEqual([one["modality"] for one in found], ["m2"])

    def test_resume_after_a_kill(self):
        study = self.small_study(participants=1000)
        self.run_program("select", study, *FAST, "--out", "whole")
        process = self.start_program("select", study, *FAST, "--out", "cut")
        deadline = time.monotonic() + 60
        while len(list(self.work.glob("cut/checkpoints/**/*"))) < 3:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        self.write("cut/checkpoints/x.part9", "half")
        self.run_program("select", study, *FAST, "--out", "cut")
        self.assertNotIn("cut/checkpoints/x.part9", self.files())
        self.write("early/select.toml.part9", "half")
        self.run_program("select", study, *FAST, "--set", "select.epochs=1", "--out", "early")
        for name in ("select.csv", "widths.csv", "select.svg"):
            self.assertEqual((self.work / "whole" / name).read_bytes(), (self.work / "cut" / name).read_bytes(), name)

    def test_features_and_outcomes_of_pima(self):
        if "absent" in self.run_program("info").stdout:
            self.skipTest("this build has no LibTorch")
        study = self.small_study(participants=500)
        pima = ["--set", "method.name=pima", "--set", "train.pretrain_epochs=5", "--set", "select.features=2",
                "--set", "select.outcomes=3"]
        found = self.json("select", study, *pima, "--out", "s")
        self.assertIn(len(found["outcomes"]), (1, 2))
        self.assertEqual(max(one["criterion"] for one in found["tried"]),
                         next(one["criterion"] for one in found["tried"] if one["outcomes"] == found["outcomes"]))
        with open(self.work / "s/select.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), len(found["tried"]))
        wanted = ",".join(map(str, found["outcomes"]))
        self.assertEqual([row["outcomes"] for row in rows if row["chosen"] == "yes"], [wanted])
        whole = (self.work / "s/select.csv").read_bytes()
        for kept in sorted((self.work / "s/checkpoints").iterdir())[::2]:
            kept.unlink()
        text = self.run_program("select", study, *pima, "--out", "s").stdout  # what is missing is done again
        self.assertIn(f'method.outcomes = "{wanted}"', text)
        self.assertEqual((self.work / "s/select.csv").read_bytes(), whole)

    def test_refused(self):
        study = self.small_study(participants=300)
        for more in (["--latents", "0..3"], ["--latents", "3..1"], ["--latents", "x"], ["--modality", "m9"],
                     ["--set", "select.splitz=3"], ["--set", "select.splits=1"]):
            self.run_program("select", study, "--out", "s", *more, code=2)
        self.assertFalse((self.work / "s").exists())
        self.run_program("select", study, *FAST, "--set", "select.epochs=1", "--out", "s")
        self.run_program("select", study, *FAST, "--set", "select.epochs=1", "--seed", "5", "--out", "s", code=2)
        self.write("mine/notes.txt", "mine")
        self.run_program("select", study, "--out", "mine", code=2)


if __name__ == "__main__":
    unittest.main()
