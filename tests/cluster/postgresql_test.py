#!/usr/bin/python3
"""`supernode sweep --db postgresql://...` on a PostgreSQL server of its own, started and stopped
here: the same table as SQLite's, by one process and by the ranks of MPI. Slow tier."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from sweep_cases import BINARY, MPIRUN, SWEEP, csv_of, has_component, run  # noqa: E402

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@unittest.skipUnless(BINARIES, "PostgreSQL is not installed")
@unittest.skipUnless(has_component("postgresql"), "built without libpqxx")
class PostgreSql(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.server = cls.folder / "server"
        cls.server.mkdir()
        cls.who = []
        if os.geteuid() == 0:  # the server refuses to be root's
            cls.folder.chmod(0o755)
            user = pwd.getpwnam("postgres")
            os.chown(cls.server, user.pw_uid, user.pw_gid)
            cls.who = ["runuser", "-u", "postgres", "--"]
        cls.tool("initdb", "-D", cls.server / "data", "-A", "trust", "-U", "sweeper", "-N")
        cls.tool("pg_ctl", "-w", "-D", cls.server / "data", "-l", cls.server / "log", "-o",
                 f"-c listen_addresses= -c unix_socket_directories={cls.server}", "start")
        cls.addClassCleanup(cls.tool, "pg_ctl", "-w", "-m", "immediate", "-D",
                            cls.server / "data", "stop")

    @classmethod
    def tool(cls, name, *arguments):
        done = subprocess.run([*cls.who, BINARIES[-1] / name, *map(str, arguments)], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, cwd="/")
        if done.returncode:
            raise AssertionError(f"{name}: {done.stderr}")

    def database(self, name):
        self.tool("createdb", "-h", self.server, "-U", "sweeper", name)
        return f"postgresql://sweeper@/{name}?host={self.server}"

    def setUp(self):
        self.sweep = self.folder / "s.yaml"
        self.sweep.write_text(SWEEP)

    def test_the_table_is_that_of_sqlite(self):
        alone = csv_of(self, self.sweep, self.folder / "alone.db")
        where = self.database("one")
        self.assertEqual(csv_of(self, self.sweep, where), alone)
        again = run("sweep", self.sweep, "--db", where)
        self.assertIn("asked 0 points", again.stderr)
        counted = run("sweep", "query", where, "select count(*) as n from sweep", "--csv")
        self.assertEqual(counted.stdout, f"n\n{alone.count(chr(10)) - 1}\n")
        refused = run("sweep", "query", where, "delete from points")
        self.assertEqual(refused.returncode, 2, refused.stdout)

    @unittest.skipUnless(MPIRUN and has_component("mpi"), "built without MPI")
    def test_ranks_and_shards_write_into_one_server(self):
        alone = csv_of(self, self.sweep, self.folder / "two.db")
        where = self.database("two")
        done = subprocess.run([*MPIRUN, "-n", "2", BINARY, "sweep", self.sweep, "--mpi", "--db",
                               where, "--csv"], text=True, capture_output=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, alone)
        where = self.database("three")
        for part in range(3):
            run("sweep", self.sweep, "--db", where, "--shard", f"{part}/3")
        self.assertEqual(csv_of(self, self.sweep, where), alone)

    def test_a_server_that_is_not_there(self):
        refused = run("sweep", self.sweep, "--db", "postgresql://nobody@/none?host=/nowhere")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("no PostgreSQL database there", refused.stderr)


if __name__ == "__main__":
    unittest.main()
