"""What the tests of sweeps share: a small sweep, its table, how MPI is started."""

import os
import shutil
from pathlib import Path

from command import BINARY, run

SWEEP = """sweep: 1
name: sizes and limits
question: plan
scenarios: [llama70b]
vary:
  slo.tpot.p90: [1 ms, 40 ms, 60 ms]
  cluster.gpus: [1, 2, 4, 8, 0]
plan: {screen: true}
"""

# Neither cores nor users are ours to give: a test may run as root on one core.
MPIRUN = None
if shutil.which("mpirun"):
    MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
    if os.geteuid() == 0:
        MPIRUN.append("--allow-run-as-root")


def has_component(name):
    return (Path(BINARY).parent / f"libsupernode-{name}.so").exists()


def csv_of(test, sweep, database):
    done = run("sweep", sweep, "--db", database, "--csv")
    test.assertEqual(done.returncode, 0, done.stderr)
    return done.stdout
