#!/usr/bin/python3
"""Makes a wheel of the Python package of a build: wheel.py BUILD OUT_FOLDER. Prints its path.

A wheel is a zip with a record of its files (PEP 427); nothing is asked of a network. It is for the
interpreter and the libraries of this machine (tag linux_*, not manylinux).
"""

import base64
import hashlib
import re
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

METADATA = """Metadata-Version: 2.1
Name: supernode
Version: {version}
Summary: {summary}
License: Apache-2.0
Requires-Python: >=3.9
Requires-Dist: numpy
Description-Content-Type: text/markdown

{text}
"""


def make(build, folder):
    cmake = (ROOT / "CMakeLists.txt").read_text()
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", cmake).group(1)
    summary = re.search(r'DESCRIPTION "([^"]+)"', cmake).group(1)
    abi = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"{abi}-{abi}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
    info = f"supernode-{version}.dist-info"
    package = Path(build) / "python/supernode"
    files = {f"supernode/{file.name}": file.read_bytes() for file in sorted(package.iterdir())
             if file.is_file()}
    if not any(name.endswith(".so") for name in files):
        raise SystemExit(f"no module in {package}: build the preset 'python' first")
    text = (ROOT / "docs/python.md").read_text()
    files[f"{info}/METADATA"] = METADATA.format(version=version, summary=summary,
                                                text=text).encode()
    files[f"{info}/WHEEL"] = ("Wheel-Version: 1.0\nGenerator: supernode\n"
                              f"Root-Is-Purelib: false\nTag: {tag}\n").encode()
    rows = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(data)}\n")
    files[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    out = Path(folder) / f"supernode-{version}-{tag}.whl"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():  # the same bytes each time: no dates
            item = zipfile.ZipInfo(name)
            item.external_attr = 0o644 << 16
            item.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(item, data)
    return out


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: wheel.py BUILD OUT_FOLDER")
    print(make(*sys.argv[1:]))
