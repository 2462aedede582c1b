"""The same bytes whatever happens: threads, a second time, kill -9 and --resume, Ctrl-C."""
import signal
import time
import unittest

import program

LONGER = ["--set", "train.autoencoder_epochs=10", "--set", "train.starts=3", "--set", "train.start_epochs=3",
          "--set", "train.branch_epochs=8", "--restarts", "2"]
RESULTS = ["latents.csv", "private.csv", "exogenous.csv", "learned_edges.csv", "edges.csv", "split.csv",
           "learned_graph.json", "model/model.safetensors"]


class Bytes(program.ProgramTest):
    def assert_same(self, a, b, names):
        for name in names:
            self.assertEqual((self.work / a / name).read_bytes(), (self.work / b / name).read_bytes(), name)

    def test_same_seed_same_bytes_at_any_number_of_threads(self):
        study = self.small_study()
        self.run_program("run", study, "--out", "a", "--seed", 2, "--threads", 1, *program.TINY)
        self.run_program("run", study, "--out", "b", "--seed", 2, "--threads", 1, *program.TINY)
        self.run_program("run", study, "--out", "c", "--seed", 2, "--threads", 2, *program.TINY)
        self.run_program("run", study, "--out", "d", "--seed", 3, "--threads", 2, *program.TINY)
        self.assert_same("a", "b", RESULTS + ["metrics.csv"])
        self.assert_same("a", "c", RESULTS + ["metrics.csv"])
        self.assertNotEqual((self.work / "a/latents.csv").read_bytes(), (self.work / "d/latents.csv").read_bytes())

    def checkpoints(self, run):
        return [p for p in (self.work / run / "checkpoints").rglob("*") if p.is_file() and ".part" not in p.name]

    def stop_within(self, study, run, how):
        """Starts a fit and sends it a signal once its first checkpoint is there."""
        process = self.start_program("fit", study, "--out", run, "--seed", 2, "--threads", 1, *LONGER)
        deadline = time.monotonic() + 120
        while not self.checkpoints(run):
            self.assertIsNone(process.poll(), "the fit ended before its first checkpoint")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(how)
        out, log = process.communicate(timeout=120)
        return process.returncode, out, log

    def test_killed_and_resumed_gives_the_same_bytes(self):
        study = self.small_study(participants=1500)
        self.run_program("fit", study, "--out", "whole", "--seed", 2, *LONGER)
        code, _, _ = self.stop_within(study, "cut", signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertNotIn("cut/latents.csv", self.files())
        self.write("cut/model/model.json.part123", "half")  # as if killed while it was written
        self.run_program("fit", study, "--out", "cut", "--seed", 2, "--resume", *LONGER)
        self.assertEqual([name for name in self.files() if ".part" in name], [])
        self.assert_same("whole", "cut", [n for n in RESULTS if n != "edges.csv"])

    def test_interrupt_exits_130_says_how_to_go_on_and_resumes(self):
        study = self.small_study(participants=1500)
        for number, how in enumerate((signal.SIGINT, signal.SIGTERM)):
            run = f"cut{number}"
            code, out, log = self.stop_within(study, run, how)
            self.assertEqual(code, 130)
            self.assertEqual(out, "")
            self.assertIn("--resume", log)
            self.assertTrue(self.checkpoints(run))
            self.run_program("fit", study, "--out", run, "--seed", 2, "--resume", *LONGER)
        self.assert_same("cut0", "cut1", [n for n in RESULTS if n != "edges.csv"])

    def test_resume_only_with_the_same_study_and_settings(self):
        study = self.small_study()
        other = self.small_study("other", participants=700)
        self.run_program("fit", study, "--out", "run", "--seed", 2, *program.TINY)
        again = ["--out", "run", "--resume", *program.TINY]
        self.assertIn("seed", self.run_program("fit", study, "--seed", 1, *again, code=2).stderr)
        self.assertIn("batch", self.run_program("fit", study, "--seed", 2, *again, "--set", "train.batch=64", code=2).stderr)
        self.run_program("fit", other, "--seed", 2, *again, code=2)
        self.run_program("fit", study, "--seed", 2, "--threads", 2, "--set", "discover.alpha=0.05", *again)
        self.write("folder/notes.txt", "mine")
        self.write("folder/film.part1", "mine too")
        self.run_program("fit", study, "--out", "folder", "--resume", *program.TINY, code=2)
        self.assertIn("folder/film.part1", self.files())
        self.write("early/config.toml.part77", "half")  # killed while its first file was written
        self.run_program("fit", study, "--out", "early", "--resume", *program.TINY)
        self.assertNotIn("early/config.toml.part77", self.files())
        self.run_program("fit", study, "--out", "run", "--resume", "--force", *program.TINY, code=2)


if __name__ == "__main__":
    unittest.main()
