#!/usr/bin/python3
"""The Python package, out of the build of the preset `python`: reports, series, mistakes, signals,
stubs, the wheel."""

import ast
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SN_PYTHON_BUILD", ROOT / "build/python"))
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
MODULES = list((BUILD / "python/supernode").glob("_supernode*.so"))
if MODULES:
    sys.path.insert(0, str(BUILD / "python"))
    import numpy
    import supernode


def said(*arguments):
    done = subprocess.run([BINARY, *arguments, "--json", "--quiet"], capture_output=True,
                          text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


@unittest.skipUnless(MODULES, "the preset 'python' is not built")
class Package(unittest.TestCase):

    def test_reports_are_those_of_the_command(self):
        self.assertEqual(supernode.plan("llama70b", screen=True, explain=True, top=3),
                         said("plan", "llama70b", "--screen", "--top", "3"))
        world = supernode.open("llama70b", set={"cluster.gpus": 4, "workload.rate": "1x"})
        self.assertEqual((world.gpus, world.model),
                         (4, "Llama-3.1-70B, dense with grouped-query attention"))
        self.assertEqual(supernode.simulate(world).report,
                         said("simulate", "llama70b", "--set", "cluster.gpus=4", "--set",
                              "workload.rate=1x"))
        self.assertEqual(supernode.collective("al128", last="1 MiB"),
                         said("collective", "al128", "--max", "1 MiB"))
        self.assertEqual(supernode.rack("al128", years=0), said("rack", "al128", "--years", "0"))

    def test_scenarios_of_files_dicts_and_keywords(self):
        scenario = {"supernode": 1, "cluster": {"rack": "hgx-h200"}, "model": "llama-3.1-8b",
                    "workload": {"preset": "mooncake-conversation", "rate": "knee"},
                    "slo": {"tpot": {"p90": "50 ms"}}}
        of_dict = supernode.plan(scenario, screen=True)["candidates"][0]
        of_words = supernode.open(rack="hgx-h200", model="llama-3.1-8b", isl=1024, osl=256,
                                  ttft="1 s")
        self.assertGreater(of_dict["state"]["output_tokens_per_s_per_gpu"], 0.0)
        self.assertEqual(of_words.gpus, 8)
        path = ROOT / "scenarios/llama70b-hgx-h200.yaml"
        self.assertEqual(supernode.open(path).name, supernode.open("llama70b").name)

    def test_series_lie_where_the_simulation_left_them(self):
        run = supernode.simulate(supernode.open("llama70b", rate="1x"))
        series, rows = run.series, run.report["series"]
        self.assertEqual(series["begin_s"].tolist(), [row["begin_s"] for row in rows])
        self.assertEqual(series["output_tokens_per_s"].tolist(),
                         [row["output_tokens_per_s"] for row in rows])
        first = series["begin_s"]
        self.assertFalse(first.flags.owndata)
        self.assertFalse(first.flags.writeable)
        self.assertEqual(first.dtype, numpy.float64)
        again = run.series["begin_s"]
        self.assertEqual(first.__array_interface__["data"], again.__array_interface__["data"])
        kept = first.tolist()
        del run, series, again
        gc.collect()
        self.assertEqual(first.tolist(), kept)  # the array keeps its simulation alive

    def test_columns(self):
        report = supernode.plan("llama70b", screen=True, top=4)
        table = supernode.columns(report["candidates"])
        self.assertEqual(table["rank"], [1, 2, 3, 4])
        self.assertEqual(table["state.output_tokens_per_s_per_gpu"][0],
                         report["candidates"][0]["state"]["output_tokens_per_s_per_gpu"])
        self.assertEqual({len(column) for column in table.values()}, {4})

    def test_mistakes_are_all_told(self):
        with self.assertRaises(supernode.SupernodeError) as caught:
            supernode.open({"supernode": 1, "cluster": {"rack": "al182"},
                            "model": "llama-3.1-8b", "workload": {"rate": "knee"},
                            "slo": {"tpot": {"p90": 50}}})
        errors = caught.exception.errors
        self.assertGreaterEqual(len(errors), 2)
        self.assertTrue(any("al128" in error["hint"] for error in errors), errors)
        self.assertIn("al182", str(caught.exception))
        with self.assertRaises(TypeError):
            supernode.open("llama70b", racks="al128")

    def test_other_threads_run_meanwhile(self):
        counted, done = [0], threading.Event()

        def count():
            while not done.is_set():
                counted[0] += 1
                time.sleep(0)

        other = threading.Thread(target=count)
        world = supernode.open("llama70b")
        other.start()
        before = counted[0]
        supernode.plan(world, threads=1)
        during = counted[0] - before
        done.set()
        other.join()
        self.assertGreater(during, 100)

    def test_ctrl_c_stops_the_work(self):
        code = ("import supernode\nworld = supernode.open('al128-deepseek-v3')\n"
                "print('open', flush=True)\n"
                "try:\n    supernode.plan(world, threads=1)\n"
                "except KeyboardInterrupt:\n    print('stopped')\n")
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, "PYTHONPATH": str(BUILD / "python")})
        self.assertEqual(child.stdout.readline(), "open\n")
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.communicate(timeout=60)[0], "stopped\n")
        self.assertEqual(child.returncode, 0)

    def test_stubs_name_what_there_is(self):
        for stub, module in (("__init__.pyi", supernode), ("_supernode.pyi", supernode._supernode)):
            tree = ast.parse((ROOT / "apps/python/supernode" / stub).read_text())
            for node in tree.body:
                if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                    self.assertTrue(hasattr(module, node.name), node.name)
        stub = ast.parse((ROOT / "apps/python/supernode/__init__.pyi").read_text())
        code = ast.parse((ROOT / "apps/python/supernode/__init__.py").read_text())
        for name in ("plan", "simulate", "collective", "rack", "validate"):
            arguments = [[a.arg for f in tree.body if isinstance(f, ast.FunctionDef)
                          and f.name == name for a in (*f.args.args, *f.args.kwonlyargs)]
                         for tree in (stub, code)]
            self.assertEqual(*arguments)

    def test_the_wheel_installs_and_imports(self):
        with tempfile.TemporaryDirectory() as folder:
            wheel = subprocess.run([sys.executable, ROOT / "scripts/wheel.py", BUILD, folder],
                                   capture_output=True, text=True, check=True).stdout.strip()
            first = Path(wheel).read_bytes()
            subprocess.run([sys.executable, ROOT / "scripts/wheel.py", BUILD, folder], check=True,
                           stdout=subprocess.DEVNULL)
            self.assertEqual(Path(wheel).read_bytes(), first)
            target = Path(folder) / "site"
            subprocess.run([sys.executable, "-m", "pip", "install", "--no-deps", "--no-index",
                            "--quiet", "--target", target, wheel], check=True,
                           stderr=subprocess.DEVNULL)
            code = ("import supernode; print(supernode.__file__); "
                    "print(supernode.plan('llama70b', screen=True)['candidates'][0]['rank'])")
            out = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True,
                                 text=True, check=True,
                                 env={**os.environ, "PYTHONPATH": str(target)}).stdout.split()
            self.assertTrue(out[0].startswith(str(target)))
            self.assertEqual(out[1], "1")


if __name__ == "__main__":
    unittest.main()
