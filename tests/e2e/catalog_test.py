"""`supernode catalog` from the outside: every entry of every kind, as text and as JSON."""

import json
import unittest

import jsonschema
from command import CommandTest, run, schema


class Catalog(CommandTest):

    def listing(self):
        return json.loads(self.done("catalog", "--json").stdout)["kinds"]

    def test_lists(self):
        text = self.done("catalog").stdout
        for word in ("chips", "racks", "models", "al128", "deepseek-v3"):
            self.assertIn(word, text)
        self.assertIn("Panjiu AL128", self.done("catalog", "racks").stdout)
        self.assertEqual(self.done("catalog", "rack").stdout,
                         self.done("catalog", "racks").stdout)
        jsonschema.validate(json.loads(self.done("catalog", "--json").stdout),
                            schema("catalog.schema.json"))

    def test_every_entry_of_every_kind(self):
        jsonschema.Draft7Validator.check_schema(schema("catalog.schema.json"))
        validator = jsonschema.Draft7Validator(schema("catalog.schema.json"))
        seen = 0
        for kind in self.listing():
            for entry in kind["entries"]:
                name = f"{kind['folder']}/{entry['name']}"
                with self.subTest(name):
                    text = self.done("catalog", "show", name).stdout
                    self.assertIn(entry["name"], text)
                    sheet = json.loads(self.done("catalog", "show", name, "--json").stdout)
                    validator.validate(sheet)
                    self.assertEqual(sheet["title"], entry["title"])
                    self.check_figures(sheet, text)
                    seen += 1
        self.assertGreater(seen, 20)

    def check_figures(self, sheet, text):
        """Every number has a source and is printed; assumptions are starred."""
        for line in sheet["values"]:
            for figure in line["figures"]:
                if figure["value"] is not None:
                    self.assertIsNotNone(figure["source"], line["path"])
                self.assertIn(figure["text"], text)
            if line["figures"] and line["figures"][0]["assumed"]:
                self.assertIn(f"* {line['path']}: ", text)

    def test_disagreeing_sources_stand_together(self):
        lines = self.done("catalog", "show", "al128").stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if "scale_up.bandwidth" in line)
        self.assertIn("900 GB/s", lines[at])
        self.assertTrue(any("or 1.75 TB/s" in line for line in lines[at + 1:at + 4]))

    def test_model_page(self):
        text = self.done("catalog", "show", "deepseek-v3").stdout
        for word in ("61 layers", "routed experts", "671.0", "70 272", "GFLOP/token"):
            self.assertIn(word, text)
        model = json.loads(self.done("catalog", "show", "deepseek-v3", "--json").stdout)["model"]
        self.assertEqual(model["kv_bytes_per_token"]["bf16"], 61 * (512 + 64) * 2)

    def test_mistakes(self):
        self.refused("catalog", "show", "al182", wants=["did you mean 'al128'"])
        self.refused("catalog", "show", "racks/al182", wants=["did you mean 'al128'"])
        self.refused("catalog", "show", "rakcs/al128", wants=["unknown kind", "racks"])
        self.refused("catalog", "show", "default", wants=["collectives/default", "traits/default"])
        self.refused("catalog", "show", wants=["show what?"])
        self.refused("catalog", "al128", wants=["supernode catalog show racks/al128"])
        self.refused("catalog", "rakcs", wants=["did you mean 'racks'"])
        self.refused("catalog", "show", "al128", "--jsn", wants=["did you mean '--json'"])
        self.refused("catalog", "show", "al128", "b200", wants=["b200"])


class Command(CommandTest):

    def test_help_and_version(self):
        self.assertRegex(self.done("--version").stdout, r"^supernode \d+\.\d+\.\d+\n$")
        text = self.done("--help").stdout
        for verb in ("plan", "simulate", "catalog", "collective", "workload", "validate",
                     "calibrate", "doctor", "completion", "man"):
            self.assertIn(f"  {verb} ", text)
            page = self.done(verb, "--help").stdout
            self.assertIn("examples:", page)
            self.assertIn(f"supernode {verb} ", page)

    def test_mistakes(self):
        self.refused("paln", wants=["did you mean 'plan'"])
        self.refused("operate", wants=["verbs are", "simulate"])
        self.refused("--verison", wants=["did you mean '--version'"])
        self.assertEqual(run().returncode, 2)


if __name__ == "__main__":
    unittest.main()
