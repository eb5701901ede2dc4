"""Limits of size, as the command meets them: a message with the limit, in little memory."""

import gzip
import json
import os
import subprocess
import tempfile
import unittest

from command import BINARY, ROOT, SANITIZED, SCENARIO, CommandTest, run

LLAMA = ROOT / "scenarios/llama70b-hgx-h200.yaml"


def peak(*arguments):
    """The result of a run, and the most memory that it took, in bytes."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            cwd=ROOT, env={**os.environ, "NO_COLOR": "1"})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    return (subprocess.CompletedProcess(process.args, process.returncode, *texts),
            usage.ru_maxrss * 1024)


class Limits(CommandTest):

    def test_folders_with_too_many_files(self):
        for kind, count, arguments, want in (
                ("catalog", 10_001, ("plan", LLAMA, "--catalog"), "more than 10000 entries"),
                ("tables", 20_001, ("validate", "kernels", "--data"), "more than 20000 files")):
            with self.subTest(kind):
                folder = self.folder / kind
                folder.mkdir()
                for i in range(count):
                    (folder / f"{i}.yaml").touch()
                result = run(*arguments, folder)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(want, result.stderr)

    def test_the_largest_machine_is_planned(self):
        path = self.write("s.yaml", SCENARIO.replace("{rack: hgx-h200}",
                                                     "{rack: hgx-h200, racks: 4096, "
                                                     "scale_out: hpn7}"))
        result, memory = peak("plan", path, "--screen")
        self.assertEqual(result.returncode, 0, result.stderr)
        if not SANITIZED:
            self.assertLess(memory, 2e9)
        self.refused("plan", path, "--set", "cluster.racks=4097", wants=["4096"])

    def test_a_long_trace_is_read_in_little_memory(self):
        # A million requests, of which none is held: 40 bytes each would be 40 MB.
        path = self.folder / "long.csv.gz"
        with gzip.open(path, "wt", compresslevel=1) as out:
            out.write("arrived_at,num_prefill_tokens,num_decode_tokens\n")
            for i in range(1_000_000):
                out.write(f"{0.01 * i:.2f},{1000 + i % 999},{50 + i % 7}\n")
        result, memory = peak("workload", path, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["requests"], 1_000_000)
        if not SANITIZED:
            self.assertLess(memory, 40e6)


if __name__ == "__main__":
    unittest.main()
