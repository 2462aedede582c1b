"""Runs the built program; shared by the command-line tests."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("POLYCAUSE_PROGRAM", "polycause")
SHARED = pathlib.Path(__file__).parents[3] / "shared"

# A fit of seconds: every step of the method, hardly any training.
TINY = ["--set", "train.autoencoder_epochs=2", "--set", "train.starts=2", "--set", "train.start_epochs=1",
        "--set", "train.branch_epochs=2"]


class ProgramTest(unittest.TestCase):
    """Gives each test an empty directory `self.work`, which is the program's working directory."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)

    def run_program(self, *arguments, code=0, environment=None):
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.work, text=True, timeout=600,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def start_program(self, *arguments):
        return subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.work, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def simulate(self, name="case1", out="study", *more):
        self.run_program("simulate", name, "--out", out, "--seed", 1, *more)
        return f"{out}/study.toml"

    def small_study(self, out="study", participants=600):
        return self.simulate("case1", out, "--set", f"simulate.participants={participants}")

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def files(self):
        return sorted(p.relative_to(self.work).as_posix() for p in self.work.rglob("*"))

    def json(self, *arguments):
        return json.loads(self.run_program(*arguments, "--json").stdout)
