"""simulate, check and discover: what they write, what they refuse, and that errors leave nothing."""
import csv
import json
import os
import stat
import subprocess
import unittest

import program

STUDY = """version = 1
[study]
name = "tiny"
id = "sample_id"
[[modality]]
name = "blood"
path = "blood.csv"
latents = 1
[[modality]]
name = "body"
path = "body.csv"
latents = 1
"""


def table(columns, rows=60, start=0):
    lines = ["sample_id," + ",".join(columns)]
    for i in range(start, start + rows):
        values = [f"{(i * (7 + 3 * j) + j * j) % 101 + 0.5 + 0.25 * ((i * 13 + j) % 7)}" for j in range(len(columns))]
        lines.append(f"person{i}," + ",".join(values))
    return "\n".join(lines) + "\n"


class Simulate(program.ProgramTest):
    def test_writes_study_tables_and_truth(self):
        self.simulate("case2")
        names = self.files()
        for name in ("study/study.toml", "study/truth/latents.csv", "study/truth/edges.csv",
                     "study/truth/private.csv"):
            self.assertIn(name, names)

    def test_same_seed_same_bytes_other_seed_other_bytes(self):
        self.run_program("simulate", "cohort", "--out", "a", "--seed", 5)
        self.run_program("simulate", "cohort", "--out", "b", "--seed", 5)
        self.run_program("simulate", "cohort", "--out", "c", "--seed", 6)
        for path in sorted(p for p in (self.work / "a").rglob("*") if p.is_file()):
            name = path.relative_to(self.work / "a")
            self.assertEqual(path.read_bytes(), (self.work / "b" / name).read_bytes(), name)
        self.assertNotEqual((self.work / "a/truth/latents.csv").read_bytes(),
                            (self.work / "c/truth/latents.csv").read_bytes())

    def test_refuses_a_directory_that_is_not_empty(self):
        self.write("full/notes.txt", "mine")
        done = self.run_program("simulate", "case1", "--out", "full", code=2)
        self.assertIn("full", done.stderr)
        self.assertIn("--force", done.stderr)
        self.assertEqual(self.files(), ["full", "full/notes.txt"])
        self.run_program("simulate", "case1", "--out", "full", "--force")
        self.assertIn("full/study.toml", self.files())

    def test_settings_are_checked_before_anything_is_written(self):
        for text in ("simulate.noise=pink", "simulate.participants=-1", "simulate.nois=laplace", "noise", "=1"):
            self.run_program("simulate", "case1", "--out", "deep/er/x", "--set", text, code=2)
        self.assertEqual(self.files(), [])

    def test_hostile_places_and_numbers(self):
        self.write("file", "mine")
        for arguments in (["--out", ""], ["--out", "file"], ["--out", "x", "--seed", "-1"], ["--out", "x", "--seed", "1e3x"],
                          ["--out", "x", "--seed", "9" * 20]):
            self.run_program("simulate", "case1", *arguments, code=2)
        self.run_program("simulate", "case1", "--out", "file/below", code=2)
        self.assertEqual(self.files(), ["file"])

    def test_a_result_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([program.PROGRAM, "info"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("stdout", done.stderr)

    def test_directory_is_private(self):
        self.simulate()
        mode = stat.S_IMODE(os.stat(self.work / "study").st_mode)
        self.assertEqual(mode, 0o700)

    def test_json(self):
        facts = self.json("simulate", "case1", "--out", "s", "--set", "simulate.participants=500")
        self.assertEqual(facts["participants"], 500)
        self.assertEqual(facts["latents"], 4)


class Check(program.ProgramTest):
    def test_account_of_participants_tables_and_columns(self):
        self.write("study.toml", STUDY)
        self.write("blood.csv", table(["hdl", "glucose", "iron"], 60))
        self.write("body.csv", table(["height", "weight", "waist"], 60, start=10))
        facts = self.json("check", "study.toml")
        self.assertEqual(facts["participants"], 50)
        self.assertEqual([t["kept"] for t in facts["tables"]], [50, 50])
        self.assertEqual([c["column"] for c in facts["columns"] if c["used"]],
                         ["hdl", "glucose", "iron", "height", "weight", "waist"])
        text = self.run_program("check", "study.toml").stdout
        for word in ("50 participants", "hdl", "continuous", "blood"):
            self.assertIn(word, text)

    def test_root(self):
        self.write("configs/study.toml", STUDY)
        self.write("data/blood.csv", table(["hdl", "glucose", "iron"]))
        self.write("data/body.csv", table(["height", "weight", "waist"]))
        self.run_program("check", "configs/study.toml", code=3)
        self.run_program("check", "configs/study.toml", "--root", "data")

    def test_errors_name_the_place_and_exit_by_kind(self):
        self.write("blood.csv", table(["hdl", "glucose", "iron"]))
        self.write("body.csv", table(["height", "weight", "waist"]))
        self.run_program("check", "absent.toml", code=2)
        cases = [
            (STUDY + "colour = 1\n", 2, "study.toml:13"),
            (STUDY + "[train]\nbatsch = 1\n", 2, "train.batch"),
            (STUDY + "[train]\nbatch = -1\n", 2, "study.toml:14"),
            (STUDY + "[", 2, "study.toml:13"),
            (STUDY.replace("blood.csv", "blod.csv"), 3, "blod.csv"),
        ]
        for text, code, expected in cases:
            self.write("study.toml", text)
            self.assertIn(expected, self.run_program("check", "study.toml", code=code).stderr)

    def test_data_errors_exit_3_and_a_fit_leaves_no_directory(self):
        good = table(["hdl", "glucose", "iron"])
        lines = good.splitlines()
        broken = {
            "ragged": "\n".join(lines[:5] + [lines[5] + ",1"] + lines[6:]) + "\n",
            "duplicate": good + lines[1] + "\n",
            "text": good.replace(lines[7].split(",")[1], "n/a", 1),
            "nobody": table(["hdl", "glucose", "iron"], start=1000),
            "binary": "\x1f\x00\x02",
            "empty": "",
        }
        self.write("study.toml", STUDY)
        self.write("body.csv", table(["height", "weight", "waist"]))
        for name, text in broken.items():
            with self.subTest(name):
                self.write("blood.csv", text)
                before = self.files()
                done = self.run_program("fit", "study.toml", "--out", "new/run", code=3)
                self.assertIn("blood", done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertEqual(self.files(), before)

    def test_what_a_fit_refuses_is_refused_after_the_account(self):
        self.write("study.toml", STUDY.replace("latents = 1", "latents = 3"))
        self.write("blood.csv", table(["hdl", "glucose", "iron"]))
        self.write("body.csv", table(["height", "weight", "waist"]))
        done = self.run_program("check", "study.toml", code=2)
        self.assertIn("60 participants", done.stdout)
        self.assertIn("latents + private = 4 but only 3 usable columns", done.stderr)
        self.assertEqual(done.stderr.splitlines()[-1],
                         self.run_program("fit", "study.toml", "--out", "run", code=2).stderr.splitlines()[-1])
        self.run_program("check", "study.toml", "--set", "method.name=contrastive", "--set", "method.labels=x", code=2)

    def test_only_the_cpu(self):
        self.write("study.toml", STUDY)
        done = self.run_program("fit", "study.toml", "--out", "run", "--device", "cuda", code=2)
        self.assertIn("cpu", done.stderr)


class Discover(program.ProgramTest):
    def chain(self):
        """x -> y -> z and a collider x -> c <- w, linear with deterministic pseudo-random noise."""
        state = [1]

        def noise():  # Park-Miller; the sum of 12 uniform numbers is nearly normal
            total = 0.0
            for _ in range(12):
                state[0] = state[0] * 16807 % 2147483647
                total += state[0] / 2147483647
            return total - 6

        lines = ["sample_id,x,y,z,w,c"]
        for i in range(1500):
            x, w = noise(), noise()
            y = x + noise()
            z = y + noise()
            lines.append(f"p{i},{x},{y},{z},{w},{x + w + noise()}")
        return self.write("chain.csv", "\n".join(lines) + "\n")

    def edges(self, folder):
        with open(self.work / folder / "edges.csv", encoding="utf-8", newline="") as file:
            return {(r["source"], r["target"]): (r["mark_source"], r["mark_target"]) for r in csv.DictReader(file)}

    def test_finds_the_graph_and_writes_its_files(self):
        self.chain()
        self.run_program("discover", "chain.csv", "--out", "graph")
        for name in ("edges.csv", "graph.json", "graph.graphml", "graph.dot", "graph.svg", "graph.tetrad.txt"):
            self.assertIn("graph/" + name, self.files())
        edges = self.edges("graph")
        self.assertEqual({frozenset(e) for e in edges}, {frozenset(e) for e in ("xy", "yz", "xc", "wc")})
        self.assertEqual(edges[("w", "c")], ("tail", "arrow"))

    def test_tiers_orient(self):
        self.chain()
        self.write("tiers.txt", "x, w  # first\n\ny\nz,c\n")
        self.run_program("discover", "chain.csv", "--out", "a", "--tiers", "tiers.txt")
        self.run_program("discover", "chain.csv", "--out", "b", "--tier", "x,w", "--tier", "y", "--tier", "z,c")
        self.assertEqual(self.edges("a"), self.edges("b"))
        self.assertEqual(self.edges("a")[("x", "y")], ("tail", "arrow"))
        self.assertEqual(self.edges("a")[("y", "z")], ("tail", "arrow"))

    def test_rows_of_a_group_are_no_further_evidence(self):
        rows = [line.split(",") for line in self.chain().read_text(encoding="utf-8").splitlines()[1:]]
        lines = ["sample_id,person,u,v,visit"]
        for i in range(30):  # u and v of 30 people, who come 40 times; only the visit's number differs
            u, v = float(rows[i][1]), float(rows[i][4])
            lines += [f"{i}@{k},p{i},{u + .001 * k},{v + .001 * (k * 7 % 40)},{k}" for k in range(40)]
        self.write("visits.csv", "\n".join(lines) + "\n")
        options = ("--set", "discover.max_depth=0")
        self.run_program("discover", "visits.csv", "--out", "b", "--group", "person", *options)
        self.assertNotIn(frozenset("uv"), {frozenset(e) for e in self.edges("b")})
        lines = [",".join(cell for k, cell in enumerate(line.split(",")) if k != 1) for line in lines]
        self.write("visits.csv", "\n".join(lines) + "\n")
        self.run_program("discover", "visits.csv", "--out", "a", *options)
        self.assertIn(frozenset("uv"), {frozenset(e) for e in self.edges("a")})
        error = self.run_program("discover", "visits.csv", "--out", "c", "--group", "visits", code=2).stderr
        self.assertIn("did you mean 'visit'", error)

    def test_several_tables_are_joined_by_id(self):
        lines = [line.split(",") for line in self.chain().read_text(encoding="utf-8").splitlines()]
        self.write("one.csv", "\n".join(",".join(r[:4]) for r in lines) + "\n")
        self.write("two.csv", "\n".join(",".join(r[:1] + r[4:]) for r in lines[:1] + lines[:0:-1]) + "\n")
        self.run_program("discover", "chain.csv", "--out", "whole")
        facts = json.loads(self.run_program("discover", "one.csv", "two.csv", "--out", "joined", "--json").stdout)
        self.assertEqual(len(facts["nodes"]), 5)
        self.assertEqual(len(self.edges("joined")), len(self.edges("whole")))

    def test_ids_of_other_columns_and_tables_without_a_common_one(self):
        lines = [line.split(",") for line in self.chain().read_text(encoding="utf-8").splitlines()]
        self.write("one.csv", "\n".join(",".join(r[:4]) for r in lines) + "\n")
        two = "\n".join(",".join(r[:1] + r[4:]) for r in lines) + "\n"
        self.write("two.csv", two.replace("sample_id", "who"))
        error = self.run_program("discover", "one.csv", "two.csv", "--out", "a", code=3).stderr
        for part in ("two.csv", "one.csv", "--id", "rows of two.csv were numbered"):
            self.assertIn(part, error)
        self.assertNotIn("study.id", error)
        self.run_program("discover", "one.csv", "two.csv", "--out", "a", "--id", "who")
        self.assertEqual(len(self.edges("a")), 4)

    def test_columns_that_say_nothing_are_left_out_and_odd_ones_told(self):
        lines = self.chain().read_text(encoding="utf-8").splitlines()
        rows = [lines[0] + ",site,day,work"]
        rows += [f"{line},A,2020-{i % 12 + 1}-{i % 28 + 1},{99999 if i == 3 else 40 + i * 7 % 13}"
                 for i, line in enumerate(lines[1:601])]
        self.write("chain.csv", "\n".join(rows) + "\n")
        done = self.run_program("discover", "chain.csv", "--out", "a")
        for part in ("site: left out (constant)", "day: left out (", "work: 1 of 600 cells lie far", "99999", "--missing"):
            self.assertIn(part, done.stderr)
        self.assertIn("600 rows, 6 columns", done.stderr)
        self.assertNotIn("lie far", self.run_program("discover", "chain.csv", "--out", "b", "--missing", "99999").stderr)

    def test_decimal_comma(self):
        self.write("comma.csv", self.chain().read_text(encoding="utf-8").replace(",", ";").replace(".", ","))
        self.assertIn("--decimal", self.run_program("discover", "comma.csv", "--out", "a", code=3).stderr)
        self.run_program("discover", "comma.csv", "--out", "a", "--decimal", ",")
        self.assertEqual(len(self.edges("a")), 4)

    def test_id_and_missing(self):
        text = self.chain().read_text(encoding="utf-8").replace("sample_id", "who")
        lines = text.splitlines()
        first = lines[1].split(",")
        lines[1] = ",".join([first[0], "unknown", *first[2:]])
        self.write("who.csv", "\n".join(lines) + "\n")
        self.run_program("discover", "who.csv", "--out", "a", "--id", "who", code=3)
        self.run_program("discover", "who.csv", "--out", "a", "--id", "who", "--missing", "unknown,NA")
        self.assertEqual(len(self.edges("a")), 4)
        self.run_program("discover", "who.csv", "--out", "b", "--id", "name", code=3)
        self.assertNotIn("b", self.files())

    def test_knowledge_file_and_types(self):
        text = self.chain().read_text(encoding="utf-8").splitlines()
        rows = [text[0] + ",k"] + [line + f",{i % 3}" for i, line in enumerate(text[1:])]
        self.write("chain.csv", "\n".join(rows) + "\n")
        self.write("known.txt", "/knowledge\nforbiddirect\nx y\n\nrequiredirect\nz y\n")
        self.write("types.txt", "k, categorical  # not a number\n")
        self.run_program("discover", "chain.csv", "--out", "a", "--knowledge", "known.txt", "--types", "types.txt")
        self.assertEqual(self.edges("a")[("z", "y")], ("tail", "arrow"))
        self.assertNotIn(("x", "y"), self.edges("a"))
        self.write("types.txt", "absent,categorical\n")
        self.run_program("discover", "chain.csv", "--out", "b", "--types", "types.txt", code=2)
        self.write("types.txt", "k,colourful\n")
        self.assertIn("types.txt:1", self.run_program("discover", "chain.csv", "--out", "b", "--types", "types.txt", code=2).stderr)

    def test_options_are_settings_with_their_ranges(self):
        self.chain()
        for option, value in (("--alpha", "2"), ("--engine", "none"), ("--test", "magic"), ("--set", "discover.alfa=1")):
            self.run_program("discover", "chain.csv", "--out", "graph", option, value, code=2)
        self.assertNotIn("graph", self.files())

    def test_threads_do_not_change_a_byte(self):
        self.chain()
        self.run_program("discover", "chain.csv", "--out", "a", "--threads", 1)
        self.run_program("discover", "chain.csv", "--out", "b", "--threads", 2)
        self.assertEqual((self.work / "a/edges.csv").read_bytes(), (self.work / "b/edges.csv").read_bytes())


if __name__ == "__main__":
    unittest.main()
