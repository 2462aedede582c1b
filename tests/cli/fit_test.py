"""fit, encode, evaluate, report and run on small studies, through the files they leave."""
import csv
import json
import os
import re
import stat
import unittest

import program


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Fit(program.ProgramTest):
    def test_the_steps_one_by_one(self):
        study = self.small_study()
        done = self.run_program("fit", study, "--out", "run", "--seed", 3, *program.TINY)
        self.assertIn("participants", done.stdout)
        for name in ("config.toml", "run.json", "log.txt", "metrics.csv", "latents.csv", "private.csv",
                     "exogenous.csv", "predicted.csv", "split.csv", "learned_edges.csv", "learned_graph.json", "learned_graph.svg",
                     "model/model.json", "model/model.safetensors"):
            self.assertIn("run/" + name, self.files())
        self.assertTrue(any("tfevents" in name for name in self.files()))
        latents = read_csv(self.work / "run/latents.csv")
        self.assertEqual(len(latents), 600)
        for column in list(latents[0])[1:]:
            values = [float(row[column]) for row in latents]
            mean = sum(values) / len(values)
            self.assertAlmostEqual(mean, 0, places=4)
            self.assertAlmostEqual(sum((v - mean) ** 2 for v in values) / len(values), 1, places=2)

        self.run_program("encode", "run", "--study", study, "--out", "again.csv")
        again = {row["sample_id"]: row for row in read_csv(self.work / "again.csv")}
        for row in latents:
            for column, value in row.items():
                if column != "sample_id":
                    self.assertAlmostEqual(float(value), float(again[row["sample_id"]][column]), places=4)
        self.run_program("encode", "run", "--study", study, "--out", "again.csv", code=2)
        self.other_units(study)

        if "h5ad" in self.run_program("info").stdout:
            self.run_program("encode", "run", "--study", study, "--out", "again.h5ad")
            self.run_program("encode", "run", "--study", study, "--out", "again.h5mu")
            self.assertEqual((self.work / "again.h5ad").read_bytes()[:4], b"\x89HDF")
            self.assertEqual((self.work / "again.h5mu").read_bytes()[:6], b"MuData")
            self.run_program("encode", "run", "--study", study, "--out", "again.h5mu", code=2)

        self.run_program("discover", "run/latents.csv", "--out", "graph")
        scores = self.json("evaluate", "run", "--truth", "study/truth")
        self.assertGreater(scores["mcc_spearman"], 0.2)
        self.assertEqual(scores["mcc_spearman"], json.loads((self.work / "run/scores.json").read_text())["mcc_spearman"])
        # Edges that do not join the latents of the truth, as those of features, are not counted.
        self.write("study/truth/edges.csv", "source,target\nhue,radius\n")
        self.assertIsNone(self.json("evaluate", "run", "--truth", "study/truth")["shd"])
        few = (self.work / "study/truth/latents.csv").read_text(encoding="utf-8").splitlines()[:11]
        self.write("few/latents.csv", "\n".join(few) + "\n")
        self.write("few/edges.csv", "source,target\n")
        refused = self.run_program("evaluate", "run", "--truth", "few", code=3).stderr
        self.assertIn("few/latents.csv: found 10 participants who are also in run/latents.csv", refused)
        self.run_program("report", "run")
        self.assertIn("<html", (self.work / "run/report.html").read_text(encoding="utf-8").lower())

    def test_what_discovery_warns_of_is_kept(self):
        study = self.small_study()
        rows = read_csv(self.work / "study/m1.csv")
        lines = ["sample_id,sex,town,seldom"]
        for i, row in enumerate(rows):
            town = f"t{i % 30}" if i % 30 else f"village{i // 30}"
            lines.append(f"{row['sample_id']},{'male' if i // 7 % 2 else 'female'},{town},{i if i % 5 == 0 else ''}")
        self.write("study/people.csv", "\n".join(lines) + "\n")
        self.write("study/study.toml", (self.work / study).read_text(encoding="utf-8") + """
[[covariates]]
name = "people"
path = "people.csv"
types = { town = "categorical" }
""")
        done = self.run_program("run", study, "--out", "run", *program.TINY, "--set", "train.restarts=1")
        facts = json.loads((self.work / "run/run.json").read_text(encoding="utf-8"))
        warnings = {w["code"]: w["text"] for w in facts["warnings"]}
        self.assertIn("of its 49 levels hold fewer than 5 rows", warnings["discover"])
        self.assertNotIn("discover: ", warnings["discover"])
        self.assertIn("seldom (120 left), of 600 rows", warnings["missing"])
        log = (self.work / "run/log.txt").read_text(encoding="utf-8")
        self.assertIn("info discover: latents and covariates", log)
        self.assertRegex(log, r"info \d+ tests \(cg\)")
        self.assertIn("warning discover: column 'people.town'", log)
        self.assertIn("more than half of the cells are missing", log)
        self.assertEqual(done.stderr.count("more than half of the cells"), 1)
        self.assertIn("hold fewer than 5 rows", (self.work / "run/report.html").read_text(encoding="utf-8"))
        levels = {c["name"]: c["levels"] for c in facts["study"]["covariates"][0]["columns"]}
        self.assertEqual(levels["sex"], ["female", "male"])
        self.assertIsNone(levels["seldom"])
        self.assertIn(None, levels["town"])
        self.assertNotIn("village", (self.work / "run/run.json").read_text(encoding="utf-8"))
        self.assertIn({"column": "sex", "upper": "male", "lower": "female"},
                      [{k: row[k] for k in ("column", "upper", "lower")} for row in read_csv(self.work / "run/relations.csv")])
        self.assertRegex(done.stdout, r"strength +n +kind")

    def other_units(self, study):
        path = next((self.work / study).parent.glob("*.csv"))
        lines = path.read_text(encoding="utf-8").splitlines()
        column = lines[0].split(",")[1]
        rows = [line.split(",") for line in lines[1:]]
        rows = [[row[0], str(1000 * float(row[1]) + 5000), *row[2:]] for row in rows[:400]]
        path.write_text("\n".join([lines[0]] + [",".join(row) for row in rows]) + "\n", encoding="utf-8")
        done = self.run_program("encode", "run", "--study", study, "--out", "units.csv")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.assertIn(f"{path.stem}.{column}: 400 of 400 participants lie far outside", done.stderr)
        self.assertEqual(done.stderr.count("are the units the same?"), 1)
        self.assertIn("400 participants", done.stdout)
        self.assertIn(f"400 of 600 rows; not used: 200 not in {path.stem}", done.stdout)

    def test_who_lacks_a_modality_takes_part(self):
        study = self.simulate("case1", "study", "--set", "simulate.participants=600", "--set", "simulate.missing_blocks=0.3")
        self.run_program("run", study, "--out", "run", *program.TINY)
        rows = read_csv(self.work / "run/latents.csv")
        has = {m: {row["sample_id"] for row in read_csv(self.work / f"study/{m}.csv")} for m in ("m1", "m2")}
        self.assertEqual(len(rows), 600)
        self.assertEqual(len(has["m1"] & has["m2"]), 420)
        for row in rows:
            for column in list(row)[1:]:
                self.assertEqual(row[column] != "", row["sample_id"] in has[column[:2]], row)
        facts = json.loads((self.work / "run/run.json").read_text(encoding="utf-8"))
        self.assertEqual(facts["study"]["complete"], 420)
        self.assertEqual([m["participants"] for m in facts["study"]["modalities"]], [len(has["m1"]), len(has["m2"])])
        self.assertIn("report.html", {name.split("/")[-1] for name in self.files()})

        # Nothing of the second modality: its latents are predicted from the first.
        text = (self.work / "study/study.toml").read_text(encoding="utf-8")
        alone = self.work / "study/alone.toml"
        alone.write_text(text[:text.rindex("[[modality]]")], encoding="utf-8")
        self.run_program("encode", "run", "--study", alone, "--out", "alone.csv", "--predicted", "predicted.csv")
        whole = {row["sample_id"]: row for row in rows}
        for row in read_csv(self.work / "alone.csv"):
            self.assertEqual(row["m2.z1"], "")
            self.assertAlmostEqual(float(row["m1.z1"]), float(whole[row["sample_id"]]["m1.z1"]), places=4)
        stored = {row["sample_id"]: row for row in read_csv(self.work / "run/predicted.csv")}
        predicted = read_csv(self.work / "predicted.csv")
        self.assertEqual(len(predicted), len(has["m1"]))
        for row in predicted:
            self.assertEqual(row["m1.z1"], "")
            self.assertAlmostEqual(float(row["m2.z2"]), float(stored[row["sample_id"]]["m2.z2"]), places=4)

    def test_run_does_it_all(self):
        study = self.simulate("cohort", "study", "--set", "simulate.pictures=off", "--set", "simulate.nights=0")
        facts = self.json("run", study, "--out", "run", *program.TINY)
        self.assertIn("mcc_spearman", facts["scores"])
        for name in ("edges.csv", "graph.json", "graph.svg", "scores.json", "report.html", "latents.csv"):
            self.assertIn("run/" + name, self.files())

    def test_the_network_that_auto_stands_for_is_named(self):
        if not self.json("info")["networks"].startswith("LibTorch"):
            self.skipTest("built without LibTorch")
        study = self.simulate("cohort", "study", "--set", "simulate.participants=300", "--set", "simulate.nights=1")
        self.run_program("fit", study, "--out", "run", "--restarts", 1, *program.TINY, "--set", "train.network_epochs=1",
                         "--set", "train.max_steps=20")
        log = (self.work / "run/log.txt").read_text(encoding="utf-8")
        self.assertIn("fundus_left: network 'small' for 32 x 32 pixels, 3 channels", log)
        self.assertIn("night: network 'tcn' for 480 samples, 4 channels", log)
        run = json.loads((self.work / "run/run.json").read_text(encoding="utf-8"))
        networks = {m["name"]: m["network"] for m in run["study"]["modalities"]}
        self.assertEqual((networks["body"], networks["night"], networks["fundus_right"]), (None, "tcn", "small"))

    def test_run_without_a_truth_has_no_scores(self):
        study = self.small_study()
        os.rename(self.work / "study/truth", self.work / "hidden")
        self.assertNotIn("scores", self.json("run", study, "--out", "run", *program.TINY))
        self.assertNotIn("run/scores.json", self.files())

    def test_a_directory_that_is_not_empty_is_refused_and_force_replaces_the_run(self):
        study = self.small_study()
        self.run_program("run", study, "--out", "run", *program.TINY)
        before = (self.work / "run/latents.csv").read_bytes()
        self.run_program("fit", study, "--out", "run", "--seed", 9, *program.TINY, code=2)
        self.assertEqual((self.work / "run/latents.csv").read_bytes(), before)
        self.run_program("fit", study, "--out", "run", "--seed", 9, "--force", *program.TINY)
        self.assertNotEqual((self.work / "run/latents.csv").read_bytes(), before)
        for stale in ("run/scores.json", "run/edges.csv", "run/report.html"):
            self.assertNotIn(stale, self.files())
        self.assertEqual(len([n for n in self.files() if "tfevents" in n]), 1)

    def test_the_run_folder_is_private_and_names_nobody_in_log_and_report(self):
        study = self.small_study()
        text = (self.work / "study/study.toml").read_text(encoding="utf-8")
        secret = "confidential-person"
        for path in re.findall(r'path = "([^"]+)"', text):
            rows = (self.work / "study" / path).read_text(encoding="utf-8").splitlines()
            rows = rows[:1] + [f"{secret}{i}," + row.split(",", 1)[1] for i, row in enumerate(rows[1:])]
            self.write("study/" + path, "\n".join(rows) + "\n")
        os.rename(self.work / "study/truth", self.work / "hidden")
        done = self.run_program("run", study, "--out", "run", "-v", *program.TINY)
        self.assertEqual(stat.S_IMODE(os.stat(self.work / "run").st_mode), 0o700)
        self.assertIn(secret, (self.work / "run/latents.csv").read_text(encoding="utf-8"))
        for name in ("log.txt", "report.html", "run.json", "config.toml", "metrics.csv", "learned_graph.json"):
            self.assertNotIn(secret, (self.work / "run" / name).read_text(encoding="utf-8"), name)
        self.assertNotIn(secret, done.stdout + done.stderr)

    def test_config_of_the_run_echoes_what_was_set(self):
        study = self.small_study()
        self.run_program("fit", study, "--out", "run", "--seed", 4, "--set", "train.batch=128", *program.TINY)
        config = (self.work / "run/config.toml").read_text(encoding="utf-8")
        self.assertRegex(config, r"(?m)^batch = 128\b")
        self.assertRegex(config, r"(?m)^seed = 4\b")

    def test_quiet_is_quiet_and_stderr_has_no_colours_off_a_terminal(self):
        study = self.small_study()
        done = self.run_program("fit", study, "--out", "run", "-v", *program.TINY)
        self.assertNotIn("\033", done.stderr)
        self.assertNotIn("\r", done.stderr)
        done = self.run_program("fit", study, "--out", "quiet", "-q", *program.TINY)
        self.assertEqual([line for line in done.stderr.splitlines() if not line.startswith("warning: ")], [])

    def test_what_is_no_run_folder(self):
        self.write("folder/notes.txt", "mine")
        study = self.small_study()
        for arguments in (["report", "folder"], ["evaluate", "folder", "--truth", "study/truth"],
                          ["encode", "folder", "--study", study, "--out", "x.csv"]):
            done = self.run_program(*arguments, code=3)
            self.assertIn("folder", done.stderr)
        self.assertEqual([n for n in self.files() if n.startswith("folder") or n == "x.csv"],
                         ["folder", "folder/notes.txt"])


if __name__ == "__main__":
    unittest.main()
