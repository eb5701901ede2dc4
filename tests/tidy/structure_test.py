#!/usr/bin/python3
"""Holds the tree to its own rules: layers, banners, sizes, headers, no paths of one machine.

A rule is a function from a tree to findings. `TheTree` applies them to this project, and `TheRules`
applies each of them to bad samples, so that a rule cannot fall silent unnoticed.

Functions are found by their braces, not by a compiler: comments, strings and preprocessor lines are
blanked, and a brace at namespace or class depth after a parameter list opens a function.
"""

import os
import re
import subprocess
import tempfile
import unittest
from collections import namedtuple
from pathlib import Path

LAYER_TABLE = "cmake/layers.txt"
MAX_COLUMNS = 100
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
HEAVY_HEADERS = re.compile(
    r"(yaml-cpp/|simdjson|fmt/|CLI/|tbb/|oneapi/|Random123/|"
    r"zlib\.h|zstd\.h|sqlite3\.h|boost/|spdlog/)")
MACHINE_PATH = re.compile(r"(?<![\w.~}*-])/(?:" + "|".join(["work", "farm", "root", "tmp"]) + r")/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
CPP = (".h", ".cc")

Finding = namedtuple("Finding", "path line text")


class Tree:
    """The files of a project: what git tracks or would track, or all but build folders."""

    def __init__(self, root):
        self.root = Path(root)
        self.paths = sorted(path for path in self._list() if (self.root / path).is_file())
        self._texts = {}

    def _list(self):
        git = ["git", "-C", str(self.root), "ls-files", "-z", "-co", "--exclude-standard"]
        try:
            done = subprocess.run(git, capture_output=True, stdin=subprocess.DEVNULL, check=False)
            if (self.root / ".git").exists() and done.returncode == 0:
                return [name for name in done.stdout.decode().split("\0") if name]
        except OSError:
            pass
        names = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders
                          if name != "__pycache__" and not name.startswith((".git", "build"))]
            names += [os.path.relpath(os.path.join(folder, file), self.root) for file in files]
        return names

    def text(self, path):
        if path not in self._texts:
            data = (self.root / path).read_bytes()
            self._texts[path] = "" if b"\0" in data else data.decode("utf-8", errors="replace")
        return self._texts[path]

    def select(self, prefixes=("",), suffixes=("",)):
        return [path for path in self.paths
                if path.startswith(tuple(prefixes)) and path.endswith(tuple(suffixes))]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def layer_of(path):
    parts = path.split("/")
    return parts[2] if path.startswith("src/sn/") and len(parts) > 3 else None


def layers_of(text):
    """The table of layers: {name: (every layer it may use, words its code never says)}."""
    layers = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, below, _, _, words = (cell.strip() for cell in line.split("|"))
        uses = {name}
        for other in below.split():
            uses |= layers[other][0]  # a layer stands on earlier lines only
        layers[name] = (uses, words.split())
    return layers


# --- Rules ---------------------------------------------------------------------------------------

def includes_upwards(tree):
    """An include of src/sn names a file of the same layer or of one that it stands on."""
    found = []
    layers = layers_of(tree.text(LAYER_TABLE))
    for path in tree.select(["src/"], CPP):
        mine = layer_of(path)
        text = tree.text(path)
        for match in INCLUDE.finditer(text):
            quote, name = match.groups()
            line = line_of(text, match.start())
            parts = name.split("/")
            if parts[0] == "apps":
                found.append(Finding(path, line, f"the library includes an application: {name}"))
            elif parts[0] == "sn" and mine is not None:
                theirs = parts[1] if len(parts) > 2 else "sn.h"
                if mine in layers and theirs not in layers[mine][0]:
                    found.append(Finding(path, line, f"{mine} does not stand on it: {name}"))
            elif quote == '"' and parts[0] != "sn":
                found.append(Finding(path, line, f"write the path from src: {name}"))
    return found


def unknown_layers(tree):
    names = {layer_of(path) for path in tree.select(["src/sn/"])} - {None}
    return [Finding(f"src/sn/{name}", 0, "not one of the layers") for name in sorted(names)
            if name not in layers_of(tree.text(LAYER_TABLE))]


def forbidden_words(tree):
    """What a layer must not know is not named in its code, not even the beginning of a word."""
    found = []
    for name, (_, words) in layers_of(tree.text(LAYER_TABLE)).items():
        if not words:
            continue
        pattern = re.compile(r"\b(?:" + "|".join(words) + r")\w*")
        for path in tree.select([f"src/sn/{name}/"], CPP):
            if not path.endswith(("_test.cc", "_test_util.h")):
                text = blank(tree.text(path))
                found += [Finding(path, line_of(text, match.start()),
                                  f"{name} never knows of {match.group()}")
                          for match in pattern.finditer(text)]
    return found


def missing_banners(tree):
    """First line `// path`; outside tests then `//` and at least a line of explanation."""
    found = []
    for path in tree.select(["src/", "apps/", "tests/", "bench/", "examples/"], CPP):
        lines = tree.text(path).splitlines()
        wanted = "// " + path.removeprefix("src/")
        if not lines or lines[0] != wanted:
            found.append(Finding(path, 1, f"the first line must be '{wanted}'"))
        elif not path.endswith("_test.cc") and not (
                len(lines) > 2 and lines[1] == "//" and re.match(r"// +\S", lines[2])):
            found.append(Finding(path, 2, "the banner does not say what the file is for"))
    return found


def long_lines(tree):
    return [Finding(path, number, f"{len(line)} columns, {MAX_COLUMNS} at most")
            for path in tree.select(suffixes=(*CPP, ".py"))
            for number, line in enumerate(tree.text(path).splitlines(), 1)
            if len(line) > MAX_COLUMNS]


def long_files(tree):
    counts = {path: len(tree.text(path).splitlines())
              for path in tree.select(suffixes=(*CPP, ".py"))}
    return [Finding(path, count, f"{count} lines, {MAX_FILE_LINES} at most")
            for path, count in counts.items() if count > MAX_FILE_LINES]


def missing_pragma_once(tree):
    return [Finding(path, 1, "no #pragma once") for path in tree.select(suffixes=[".h"])
            if not re.search(r"^#pragma once$", tree.text(path), re.MULTILINE)]


def using_namespace(tree):
    """At namespace scope, in the first column; inside a function it leaks nowhere."""
    return [Finding(path, line_of(text, match.start()), "using namespace in a header")
            for path in tree.select(suffixes=[".h"]) for text in [blank(tree.text(path))]
            for match in re.finditer(r"^using\s+namespace\b", text, re.MULTILINE)]


def heavy_includes(tree):
    return [Finding(path, line_of(tree.text(path), match.start()),
                    f"{match.group(2)} belongs into a .cc")
            for path in tree.select(suffixes=[".h"]) for match in INCLUDE.finditer(tree.text(path))
            if HEAVY_HEADERS.match(match.group(2))]


def missing_readmes(tree):
    names = sorted({layer_of(path) for path in tree.select(["src/sn/"])} - {None})
    return [Finding(f"src/sn/{name}", 0, "the layer has no README.md") for name in names
            if f"src/sn/{name}/README.md" not in tree.paths]


def machine_paths(tree):
    return [Finding(path, number, "a path of one machine")
            for path in tree.paths
            for number, line in enumerate(tree.text(path).splitlines(), 1)
            if MACHINE_PATH.search(line)]


def long_functions(tree):
    return [Finding(path, line, f"{lines} lines, {MAX_FUNCTION_LINES} at most")
            for path in tree.select(["src/", "apps/", "tests/", "bench/", "examples/"], CPP)
            for line, lines in functions(tree.text(path)) if lines > MAX_FUNCTION_LINES]


# --- C++ as text ---------------------------------------------------------------------------------

TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/'                                 # comments
    r'|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"'              # raw strings
    r'|"(?:\\.|[^"\\\n])*"'                               # strings
    r"|(?<![0-9a-zA-Z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'"  # characters, not digit separators
    r'|^[ \t]*#(?:\\\n|[^\n])*',                          # preprocessor
    re.DOTALL | re.MULTILINE)


def blank(text):
    """`text` with spaces of the same shape for comments, literals and preprocessor lines."""
    return TOKENS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def kind_of_brace(head):
    """What `{` opens after `head`, the text since the last statement at this depth."""
    head = re.sub(r"\[\[[^\]]*\]\]|\balignas\s*\([^)]*\)", " ", head).strip()
    if re.search(r"\bnamespace\b[\w\s:]*$", head) or re.search(r"\bextern\s*$", head):
        return "namespace"
    if re.search(r"\b(class|struct|union|enum)\b[^(]*$", head):
        return "type"
    if not re.search(r"\)", head) or re.search(r"=\s*$", head):
        return "value"
    member = re.search(r"\)[^;{}]*?:(?!:).*?(\w+)\s*>?\s*$", head, re.DOTALL)
    if member and member.group(1) not in ("const", "noexcept", "override", "final"):
        return "member"
    return "function"


def functions(text):
    """(line of the opening brace, number of lines) of each function definition."""
    text = blank(text)
    found = []
    stack = []  # (kind, head before the brace, line)
    head = ""
    line = 1
    for character in text:
        outer = stack[-1][0] if stack else "namespace"
        looking = outer in ("namespace", "type")
        if character == "{":
            kind = kind_of_brace(head) if looking else "block"
            stack.append((kind, head, line))
            head = ""
        elif character == "}" and stack:
            kind, before, start = stack.pop()
            if kind == "function":
                found.append((start, line - start + 1))
            # A member initialiser `a_{1}` goes on with the same head; anything else ends it.
            head = before + "}" if kind == "member" else ""
        elif character == ";" and looking:
            head = ""
        elif looking:
            head += character
        if character == "\n":
            line += 1
    return found


# --- Tests ---------------------------------------------------------------------------------------

class TheTree(unittest.TestCase):
    """Every rule on this project."""

    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(Path(__file__).resolve().parents[2])

    def hold(self, rule):
        found = rule(self.tree)
        rows = [f"{finding.path}:{finding.line}: {finding.text}" for finding in found]
        if found:
            self.fail(f"{len(found)} findings\n" + "\n".join(rows[:40]))

    def test_includes_point_downwards(self):
        self.hold(includes_upwards)

    def test_layers_are_known(self):
        self.hold(unknown_layers)

    def test_layers_keep_to_their_words(self):
        self.hold(forbidden_words)

    def test_files_have_banners(self):
        self.hold(missing_banners)

    def test_lines_are_short(self):
        self.hold(long_lines)

    def test_files_are_short(self):
        self.hold(long_files)

    def test_functions_are_short(self):
        self.hold(long_functions)

    def test_headers_have_pragma_once(self):
        self.hold(missing_pragma_once)

    def test_headers_open_no_namespace(self):
        self.hold(using_namespace)

    def test_heavy_headers_stay_in_sources(self):
        self.hold(heavy_includes)

    def test_layers_have_readmes(self):
        self.hold(missing_readmes)

    def test_no_paths_of_one_machine(self):
        self.hold(machine_paths)


TABLE = ("# layer | below | public | private | words\nbase | | | | Chip\nhw | base | | |\n"
         "fabric | hw | | | Nanos cout\nkernel | hw | | |\ndraw | fabric kernel | | |\n")
BANNER = "// sn/hw/a.h\n//\n// What it is.\n\n#pragma once\n"


class TheRules(unittest.TestCase):
    """Every rule on bad samples and on a good one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def found(self, rule, files):
        for name, text in {LAYER_TABLE: TABLE, **files}.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        return [(finding.path, finding.line) for finding in rule(Tree(self.root))]

    def test_good_tree(self):
        body = "#include <vector>\n#include \"sn/base/b.h\"\nnamespace sn {\nint f();\n}\n"
        files = {"src/sn/hw/a.h": BANNER + body, "src/sn/hw/README.md": "Machines.\n",
                 "src/sn/sn.h": "// sn/sn.h\n//\n// All.\n#pragma once\n#include \"sn/draw/d.h\"\n",
                 "apps/cli/a.cc": "// apps/cli/a.cc\n//\n// A verb.\n#include \"apps/cli/a.h\"\n"}
        for rule in (includes_upwards, unknown_layers, forbidden_words, missing_banners, long_lines,
                     long_files, long_functions, missing_pragma_once, using_namespace,
                     heavy_includes, missing_readmes, machine_paths):
            with self.subTest(rule.__name__):
                self.assertEqual(self.found(rule, files), [])

    def test_include_upwards(self):
        bad = '#include "sn/hw/a.h"\n#include "sn/fabric/b.h"\n'
        self.assertEqual(self.found(includes_upwards, {"src/sn/hw/a.cc": bad}),
                         [("src/sn/hw/a.cc", 2)])

    def test_include_of_a_layer_beside(self):
        names = ["base", "hw", "fabric", "draw"]
        bad = "".join(f'#include "sn/{name}/a.h"\n' for name in names)
        self.assertEqual(self.found(includes_upwards, {"src/sn/kernel/a.cc": bad}),
                         [("src/sn/kernel/a.cc", 3), ("src/sn/kernel/a.cc", 4)])

    def test_word_that_a_layer_does_not_know(self):
        bad = "// Nanos\nint n;\nToNanos a;\nNanosOf b;\nstd::cout << b;\n"
        files = {"src/sn/fabric/a.cc": bad, "src/sn/hw/a.cc": "Nanos n;\n",
                 "src/sn/base/a_test.cc": "Chip c;\n"}
        self.assertEqual(self.found(forbidden_words, files),
                         [("src/sn/fabric/a.cc", 4), ("src/sn/fabric/a.cc", 5)])

    def test_include_of_facade_application_and_neighbour(self):
        names = ['"sn/sn.h"', '"apps/cli/a.h"', '"a.h"', "<sn/llm/x.h>"]
        bad = "".join(f"#include {name}\n" for name in names)
        found = self.found(includes_upwards, {"src/sn/hw/a.cc": bad})
        self.assertEqual([line for _, line in found], [1, 2, 3, 4])

    def test_unknown_layer(self):
        self.assertEqual(self.found(unknown_layers, {"src/sn/misc/a.cc": ""}), [("src/sn/misc", 0)])

    def test_banner(self):
        good = "// sn/hw/{}\n//\n// What it is.\n"
        files = {"src/sn/hw/none.cc": "#include <map>\n", "src/sn/hw/other.h": good.format("x.h"),
                 "src/sn/hw/bare.h": "// sn/hw/bare.h\n\n#pragma once\n",
                 "src/sn/hw/good.cc": good.format("good.cc"), "tests/x.cc": "// x.cc\n",
                 "src/sn/hw/a_test.cc": "// sn/hw/a_test.cc\n"}
        bad = {"src/sn/hw/none.cc", "src/sn/hw/other.h", "src/sn/hw/bare.h", "tests/x.cc"}
        self.assertEqual({path for path, _ in self.found(missing_banners, files)}, bad)

    def test_long_line(self):
        files = {"src/a.cc": "é" * 100 + "\n" + "x" * 101 + "\n", "data.yaml": "x" * 200}
        self.assertEqual(self.found(long_lines, files), [("src/a.cc", 2)])

    def test_long_file(self):
        files = {"src/a.cc": "\n" * 501, "src/b.cc": "\n" * 500, "README.md": "\n" * 900}
        self.assertEqual(self.found(long_files, files), [("src/a.cc", 501)])

    def test_pragma_once(self):
        self.assertEqual(self.found(missing_pragma_once, {"src/a.h": "// pragma once\n"}),
                         [("src/a.h", 1)])

    def test_using_namespace(self):
        files = {"src/a.h": "// using namespace std\nusing namespace std;\n",
                 "src/b.h": "inline void f() {\n  using namespace std;\n}\n",
                 "src/a.cc": "using namespace std::literals;\n"}
        self.assertEqual(self.found(using_namespace, files), [("src/a.h", 2)])

    def test_heavy_include(self):
        text = "#include <{}>\n"
        for name in ("yaml-cpp/yaml.h", "simdjson.h", "fmt/format.h", "CLI/CLI.hpp"):
            with self.subTest(name):
                files = {"src/a.h": text.format(name), "src/a.cc": text.format(name)}
                self.assertEqual(self.found(heavy_includes, files), [("src/a.h", 1)])

    def test_missing_readme(self):
        self.assertEqual(self.found(missing_readmes, {"src/sn/hw/a.cc": ""}), [("src/sn/hw", 0)])

    def test_machine_path(self):
        files = {"a.md": "see\n" + "/wo" + "rk/main\n", "b.sh": "cd " + "/t" + "mp/x\n",
                 "c.md": "home/wo" + "rk/x and https://a.org/t" + "mp/x\n"}
        self.assertEqual(self.found(machine_paths, files), [("a.md", 2), ("b.sh", 1)])

    def test_long_function(self):
        rows = "  x = {1, 2};\n"
        head = "namespace sn {\n"
        files = {
            "src/a.cc": head + "void f() {\n" + rows * 69 + "}\n}\n",
            "src/b.cc": head + "void f() {\n" + rows * 68 + "}\n}\n",
            "src/c.cc": head + "struct S : T {\n  int a = 0;\n  S() : T(1), a{2} {\n" + rows * 90 +
                        "  }\n};\n}\n",
            "src/d.cc": head + "constexpr int t[] = {\n" + "f(1), // {\n" * 200 + "};\n}\n",
            "src/e.cc": head + "TEST(A, B) {\n" + "  // }\n" * 90 + "}\n}\n",
            "src/f.cc": head + "std::string g() const noexcept {\n" + '  R"({)";\n' * 90 + "}\n}\n",
        }
        self.assertEqual(self.found(long_functions, files),
                         [("src/a.cc", 2), ("src/c.cc", 4), ("src/e.cc", 2), ("src/f.cc", 2)])


if __name__ == "__main__":
    unittest.main()
