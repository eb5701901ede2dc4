#!/usr/bin/python3
"""The documentation site is made without a network, and every link and file in it is there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.loads, self.anchors = [], [], set()

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "href") and tag in ("script", "link", "img"):
                self.loads.append(value)


def parsed(page):
    reader = Links()
    reader.feed(page.read_text())
    return reader


@unittest.skipUnless(shutil.which("mkdocs"), "MkDocs is not installed")
class Site(unittest.TestCase):
    def test_site(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, ROOT / "scripts/site.py", BINARY, folder], check=True)
            site = Path(folder)
            pages = {page: parsed(page) for page in site.rglob("*.html")}
            self.assertGreater(len(pages), 18)
            for page, reader in pages.items():
                for link in reader.loads:
                    self.assertFalse(re.match(r"(https?:)?//", link), f"{page}: loads {link}")
                for link in [*reader.links, *reader.loads]:
                    if not link or re.match(r"[a-z]+:|//", link):
                        continue
                    path, _, anchor = link.partition("#")
                    path = path.partition("?")[0]
                    # 404.html is served from anywhere: its links start at the root of the site.
                    start = site if path.startswith("/") else page.parent
                    target = (start / path.lstrip("/")).resolve() if path else page.resolve()
                    if target.is_dir():
                        target = target / "index.html"
                    self.assertTrue(target.exists(), f"{page}: {link}")
                    if anchor and target in pages:
                        self.assertIn(anchor, pages[target].anchors, f"{page}: {link}")
            verbs = (site / "reference/verbs.html").read_text()
            self.assertIn("supernode sweep query", verbs)
            self.assertIn("SweptBest", (site / "reference/reports.html").read_text())


if __name__ == "__main__":
    unittest.main()
