"""tools/check_layers finds what it promises to find, in small trees made for it."""
import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "check_layers"


def load_tool():
    loader = importlib.machinery.SourceFileLoader("check_layers", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
    loader.exec_module(module)
    return module


def findings(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_tool().check(root)[1]


class CheckLayers(unittest.TestCase):
    def test_downward_include_is_fine(self):
        self.assertEqual(findings({"src/cli/a.cpp": '#include "base/b.h"\n#include <CLI/CLI.hpp>\n',
                                   "src/base/b.h": "#include <string>\n"}), [])

    def test_upward_include(self):
        found = findings({"src/base/a.cpp": '#include "data/b.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("src/base/a.cpp:1", found[0])

    def test_upward_include_through_a_public_header(self):
        self.assertEqual(len(findings({"src/data/a.cpp": '#include "polycause/model.h"\n'})), 1)

    def test_neighbour_that_is_not_below(self):
        self.assertEqual(len(findings({"src/evaluate/a.cpp": '#include "model/b.h"\n'})), 1)

    def test_third_party_in_a_public_header(self):
        found = findings({"include/polycause/study.h": "#include <fmt/format.h>\n#include <vector>\n"})
        self.assertEqual(len(found), 1)

    def test_internal_header_in_a_public_one(self):
        self.assertEqual(len(findings({"include/polycause/study.h": '#include "base/files.h"\n'})), 1)

    def test_libtorch(self):
        self.assertEqual(len(findings({"src/discover/a.cpp": "#include <torch/torch.h>\n"})), 1)
        self.assertEqual(findings({"src/networks/a.cpp": "#include <torch/torch.h>\n"}), [])

    def test_cycle(self):
        found = findings({"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": '#include "base/a.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("base/a.h -> base/b.h -> base/a.h", found[0])

    def test_type_of_two_headers(self):
        found = findings({"src/base/a.h": "struct Codes {\n};\n", "src/data/b.h": "class Codes : public Other {\n};\n",
                          "src/data/c.h": "struct Codes;\nstruct Codes::Part {\n};\n"})
        self.assertEqual(len(found), 1)
        self.assertIn("src/data/b.h: type 'Codes' is also defined in src/base/a.h", found[0])

    def test_length(self):
        self.assertEqual(len(findings({"src/base/a.h": "\n" * 151})), 1)
        self.assertEqual(len(findings({"src/base/a.cpp": "\n" * 401})), 1)
        self.assertEqual(findings({"src/base/a.cpp": "\n" * 400}), [])

    def test_unknown_place(self):
        self.assertEqual(len(findings({"include/polycause/other.h": "\n"})), 1)


if __name__ == "__main__":
    unittest.main()
