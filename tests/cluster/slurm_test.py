#!/usr/bin/python3
"""`supernode sweep --slurm` on a Slurm of one node: munge, slurmctld and slurmd, started and
stopped here, with ports, folders and keys of their own. Slow tier; as root."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from sweep_cases import SWEEP, csv_of, run  # noqa: E402

CONFIG = """ClusterName=sweep
SlurmctldHost={host}({address})
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ctld_port}
SlurmdPort={d_port}
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={host} NodeAddr={address} CPUs={cpus} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")


def free_port():
    with socket.socket() as s:
        s.bind(("", 0))
        return s.getsockname()[1]


def own_address():
    """An address of this machine that is not the loopback's, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # sends nothing
            return s.getsockname()[0]
        except OSError:
            return "127.0.0.1"


@unittest.skipUnless(os.geteuid() == 0, "Slurm's daemons run as root")
@unittest.skipUnless(all(shutil.which(d, path="/usr/sbin:/usr/bin") for d in DAEMONS),
                     "Slurm is not installed")
class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.children = []
        cls.addClassCleanup(cls.stop)
        for name in ("state", "spool"):
            (cls.folder / name).mkdir()
        key = cls.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        (cls.folder / "slurm.conf").write_text(CONFIG.format(
            host=socket.gethostname().split(".")[0], address=own_address(), folder=cls.folder,
            ctld_port=free_port(), d_port=free_port(), cpus=os.cpu_count()))
        cls.env = {**os.environ, "SLURM_CONF": str(cls.folder / "slurm.conf")}
        cls.start("munged", "--foreground", "--force", f"--socket={cls.folder}/munge.socket",
                  f"--key-file={key}", f"--pid-file={cls.folder}/munge.pid",
                  f"--log-file={cls.folder}/munge.log", f"--seed-file={cls.folder}/munge.seed")
        cls.wait(lambda: (cls.folder / "munge.socket").exists(), "munged")
        cls.start("slurmctld", "-D", "-c", "-i")
        cls.start("slurmd", "-D")
        cls.wait(lambda: cls.said("sinfo", "-h", "-o", "%T").strip() == "idle", "an idle node")

    @classmethod
    def start(cls, name, *arguments):
        log = open(cls.folder / f"{name}.out", "w", encoding="utf-8")
        cls.addClassCleanup(log.close)
        cls.children.append(subprocess.Popen(
            [shutil.which(name, path="/usr/sbin:/usr/bin"), *arguments], env=cls.env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))

    @classmethod
    def stop(cls):
        for child in reversed(cls.children):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    @classmethod
    def said(cls, *command):
        return subprocess.run(command, env=cls.env, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False).stdout

    @classmethod
    def wait(cls, there, what, seconds=90):
        end = time.monotonic() + seconds
        while not there():
            if time.monotonic() > end:
                logs = "".join(f"{p.name}: {p.read_text()[-1500:]}\n"
                               for p in cls.folder.glob("*.out"))
                raise AssertionError(f"no {what} within {seconds} s\n{logs}")
            time.sleep(0.2)

    def test_an_array_gives_the_table_of_one_process(self):
        sweep = self.folder / "s.yaml"
        sweep.write_text(SWEEP)
        alone = csv_of(self, sweep, self.folder / "alone.db")
        done = run("sweep", sweep, "--slurm", "--tasks", "3", cwd=self.folder, env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("submitted 3 tasks", done.stdout)
        self.wait(lambda: not self.said("squeue", "-h").strip(), "end of the jobs", 180)
        logs = "".join(p.read_text() for p in self.folder.glob("s.db.*.log"))
        self.assertEqual(list(self.folder.glob("s.db.part*")), [], logs)
        state = run("sweep", "status", self.folder / "s.db")
        self.assertIn("0 open", state.stdout, logs)
        # Everything was asked by the tasks, and nothing is left to ask.
        done = run("sweep", sweep, "--csv", cwd=self.folder)
        self.assertIn("asked 0 points", done.stderr)
        self.assertEqual(done.stdout, alone)


if __name__ == "__main__":
    unittest.main()
