"""Supernode from Python: the questions of the command line, asked of one library.

    import supernode

    world = supernode.open("llama70b", set={"cluster.gpus": 4})
    best = supernode.plan(world, screen=True)["candidates"][0]
    run = supernode.simulate(world)
    run.series["ttft_s"].max()          # numpy, where the simulation left it

A report is a dict of the fields that `supernode VERB --json` writes (schema/). Mistakes are raised
as SupernodeError, all of them at once, each with its place and a hint. Work runs without the
interpreter's lock; Ctrl-C stops it.
"""

import json as _json

from . import _supernode
from ._supernode import Simulation, World, __version__

__all__ = ["Simulation", "SupernodeError", "World", "__version__", "collective", "columns", "open",
           "plan", "rack", "simulate", "validate"]


class SupernodeError(ValueError):
    """What is wrong with a request. `errors`: message, hint, file, line and column of each."""

    def __init__(self, text, errors=()):
        super().__init__(text)
        self.errors = list(errors)


_supernode.set_error_type(SupernodeError)


def _texts(fields):
    return {str(path): _text(value) for path, value in (fields or {}).items()}


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def open(scenario=None, *, set=None, catalog="", threads=0, **overrides):
    """A scenario, resolved and checked: a file, a shipped one's name, a dict, or keywords alone.

    `set`: values by path ("cluster.rack.gpus"). Keywords as the flags of `supernode plan`: rack,
    gpus, model, framework, isl, osl, trace, rate, ttft, tpot, e2e.
    """
    known = ("rack", "gpus", "model", "framework", "isl", "osl", "trace", "rate", "ttft", "tpot",
             "e2e")
    for name in overrides:
        if name not in known:
            raise TypeError(f"open() has no keyword '{name}'; it has {', '.join(known)}")
    text = _json.dumps(scenario) if isinstance(scenario, dict) else None
    file = "" if scenario is None or text is not None else str(scenario)
    return _supernode.open(file, text, _texts(set), _texts(overrides), str(catalog), threads)


def _world(scenario):
    return scenario if isinstance(scenario, World) else open(scenario)


def plan(world, *, top=10, screen=False, explain=False, filters=(), pair="", threads=0):
    """The best deployments (schema/plan.schema.json)."""
    return _supernode.plan(_world(world), top, screen, explain, list(filters), pair, threads)


def simulate(world, *, rank=1, requests=0, warm_up=0.05, windows=120, threads=0):
    """Its requests, one by one. `.report` is a dict (schema/simulation.schema.json), `.series` has
    numpy arrays over time, without copies and not to be written."""
    return _supernode.simulate(_world(world), rank, requests, warm_up, windows, threads)


def collective(rack, op="all_reduce", *, gpus=0, algorithm="auto", first="1 KiB", last="8 GiB",
               factor=4, fidelity="analytic", set=None, catalog="", threads=0):
    """Times of a collective by size (schema/collective.schema.json)."""
    return _supernode.collective(rack, gpus, op, algorithm, first, last, factor, fidelity,
                                 _texts(set), str(catalog), threads)


def rack(subject, *, load="max", set=None, site="", years=10000, catalog="", threads=0):
    """A rack as a physical thing (schema/rack.schema.json)."""
    return _supernode.rack(str(subject), load, _texts(set), site, years, str(catalog), threads)


def validate(data="", *, kernels=True, collectives=True, serving=True, catalog="", threads=0):
    """Predicted against measured, by subject: schemas validation and serving_validation."""
    return _supernode.validate(str(data), kernels, collectives, serving, str(catalog), threads)


def columns(rows):
    """A list of dicts as a dict of lists, for pandas.DataFrame(...) and pyarrow.table(...).

    Nested dicts become columns with dots ("state.ttft_s.p90"); lists stay in their cell.
    """
    flat = [dict(_leaves(row, "")) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return {name: [row.get(name) for row in flat] for name in names}


def _leaves(row, path):
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield path + name, value
