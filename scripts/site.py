#!/usr/bin/python3
"""Makes the documentation site: site.py SUPERNODE OUT_FOLDER. Needs MkDocs (Debian's), no network.

The pages of docs/, and a reference made of what is there: `supernode VERB --help`, schema/*.json,
schema/scenario.md. Links out of docs/ lead to the page of the site that has the same, or become
words. MkDocs runs with --strict: a link that leads nowhere is an error.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
MOVED = {"schema/README.md": "reference/reports.md", "schema/scenario.md": "reference/scenario.md"}


def help_of(binary, *words):
    return subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True,
                          env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}).stdout


def verbs_page(binary):
    text = help_of(binary)
    names = re.findall(r"^  ([a-z]+) +\S", text.split("usage:")[1].split("--version")[0], re.M)
    words = {"sweep": ("status", "query", "plot", "merge")}
    out = f"# Every verb\n\nWritten from `--help`.\n\n```text\n{text}```\n"
    for name in names:
        for rest in ((), *((word,) for word in words.get(name, ()))):
            title = " ".join(("supernode", name, *rest))
            out += f"\n## {title}\n\n```text\n{help_of(binary, name, *rest)}```\n"
    return out


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def type_words(schema):
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(type_words(s) for s in schema.get("anyOf", schema.get("oneOf")))
    kind = schema.get("type", "")
    kinds = kind if isinstance(kind, list) else [kind]
    if "array" in kinds:
        return "list of " + type_words(schema.get("items", {}))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    return " or ".join(k for k in kinds if k) or "any"


def fields_table(schema):
    rows = ["| field | type | |", "|---|---|---|"]
    for name, field in schema.get("properties", {}).items():
        words = cell(field.get("description", ""))
        rows.append(f"| `{name}` | {cell(type_words(field))} | {words} |")
    return "\n".join(rows) + "\n"


def reports_page():
    out = ("# Reports\n\nWhat `--json` writes, from the schemas that ship with the program "
           "(`schema/*.schema.json`). A quantity ends with its unit.\n")
    for file in sorted((ROOT / "schema").glob("*.schema.json")):
        schema = json.loads(file.read_text())
        out += f"\n## {file.name}\n\n{schema.get('description', '')}\n"
        for name, part in {**schema.get("definitions", {}), "": schema}.items():
            if part.get("properties"):
                out += f"\n### {name or 'the document'}\n\n{part.get('description', '')}\n\n"
                out += fields_table(part)
    return out


def relinked(text, page, pages):
    """Links that leave docs/ as links within the site, or as words."""
    def change(match):
        mark, words, link = match.groups()
        if re.match(r"[a-z]+:|#", link):
            return match.group()
        path, hash_mark, anchor = link.partition("#")
        inside = os.path.normpath(os.path.join("docs", os.path.dirname(page), path))
        own = inside.removeprefix("docs/") if inside.startswith("docs/") else ""
        target = MOVED.get(inside, own)
        if target not in pages:
            return words
        here = os.path.relpath(target, os.path.dirname(page) or ".")
        return f"{mark}[{words}]({here}{hash_mark}{anchor})"

    return LINK.sub(change, text)


def make(binary, out):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "docs"
        shutil.copytree(ROOT / "docs", source)
        (source / "reference").mkdir()
        (source / "reference/verbs.md").write_text(verbs_page(binary))
        (source / "reference/reports.md").write_text(reports_page())
        shutil.copy(ROOT / "schema/scenario.md", source / "reference/scenario.md")
        pages = {str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()}
        for page in source.rglob("*.md"):
            name = str(page.relative_to(source))
            if not name.startswith("reference/"):
                page.write_text(relinked(page.read_text(), name, pages))
            elif name.endswith("scenario.md"):
                page.write_text(LINK.sub(r"\2", page.read_text()))
        config = Path(folder) / "mkdocs.yml"
        text = (ROOT / "mkdocs.yml").read_text().replace("build/site-source", str(source))
        config.write_text(text)
        subprocess.run(["mkdocs", "build", "--strict", "--quiet", "-f", config, "-d",
                        Path(out).resolve()], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: site.py SUPERNODE OUT_FOLDER")
    make(str(Path(sys.argv[1]).resolve()), sys.argv[2])
