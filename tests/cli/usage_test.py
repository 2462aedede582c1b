"""Help, usage errors, settings, information: everything that needs no study."""
import json
import re
import unittest

import program

COMMANDS = ["simulate", "check", "fit", "encode", "discover", "evaluate", "report", "run", "select", "reproduce", "config", "info"]


class Usage(program.ProgramTest):
    def test_help_of_the_program_lists_every_command(self):
        text = self.run_program("--help").stdout
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command}\s")
        self.assertIn("Exit codes", text)

    def test_help_of_every_command_has_an_example_of_itself(self):
        for command in COMMANDS:
            text = self.run_program(command, "--help").stdout
            self.assertRegex(text, rf"Example:\n  polycause {command}\b", command)

    def test_lines_of_help_fit_a_terminal(self):
        for command in COMMANDS:
            for line in self.run_program(command, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 110, line)

    def test_version(self):
        self.assertRegex(self.run_program("--version").stdout, r"^\d+\.\d+\.\d+\n$")

    def test_usage_errors_exit_2_and_point_to_help(self):
        for arguments in ([], ["frobnicate"], ["fit"], ["fit", "a.toml"], ["info", "--jsno"],
                          ["simulate", "case1", "--out", "x", "--seed", "many"], ["simulate", "case9", "--out", "x"]):
            done = self.run_program(*arguments, code=2)
            self.assertEqual(done.stdout, "")
            self.assertIn("--help", done.stderr)
        self.assertEqual(self.files(), [])

    def test_nearest_command_and_option(self):
        self.assertIn("did you mean 'simulate'?", self.run_program("simulat", code=2).stderr)
        self.assertIn("did you mean '--json'?", self.run_program("info", "--jsno", code=2).stderr)

    def test_quiet_and_verbose_are_known_before_and_after_the_command(self):
        self.run_program("-q", "info")
        self.run_program("info", "-v")

    def test_config_lists_default_range_and_meaning(self):
        settings = {row["key"]: row for row in self.json("config")}
        for key in ("study.order", "method.name", "train.batch", "discover.alpha", "simulate.noise"):
            self.assertIn(key, settings)
            self.assertTrue(settings[key]["meaning"], key)
        self.assertEqual(settings["discover.alpha"]["default"], "0.01")
        self.assertIn("laplace | gaussian", settings["simulate.noise"]["range"])
        self.assertEqual(len(settings), len(self.json("config")), "a key is listed twice")

    def test_config_of_one_key_and_of_a_section(self):
        self.assertTrue(self.run_program("config", "train.batch").stdout.startswith("train.batch = 256\n"))
        for row in self.json("config", "discover"):
            self.assertTrue(row["key"].startswith("discover."))
        self.assertIn("did you mean 'train.batch'?", self.run_program("config", "train.batsch", code=2).stderr)

    def test_every_discover_setting_is_an_option(self):
        text = self.run_program("discover", "--help").stdout
        for row in self.json("config", "discover"):
            self.assertIn("--" + row["key"].split(".")[1].replace("_", "-"), text)

    def test_info(self):
        facts = self.json("info")
        self.assertEqual(facts["version"], self.run_program("--version").stdout.strip())
        self.assertIn("xpt", facts["readers"])
        self.assertIn("saturation formula", facts["laws"])
        name = next(row for row in self.json("config", "method.name"))
        self.assertEqual(facts["methods"].split(), name["range"].split(" | "))
        self.assertTrue(re.search(r"gcc|clang", facts["compiler"]))
        self.assertEqual(json.loads(json.dumps(facts)), facts)


if __name__ == "__main__":
    unittest.main()
