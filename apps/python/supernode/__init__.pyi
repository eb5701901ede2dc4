from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from ._supernode import Simulation as Simulation
from ._supernode import World as World

__version__: str
_Report = dict[str, Any]
_Path = str | PathLike[str]
_Fields = Mapping[str, str | int | float | bool]

class SupernodeError(ValueError):
    errors: list[dict[str, Any]]
    def __init__(self, text: str, errors: Iterable[dict[str, Any]] = ...) -> None: ...

def open(
    scenario: _Path | Mapping[str, Any] | None = ...,
    *,
    set: _Fields | None = ...,
    catalog: _Path = ...,
    threads: int = ...,
    rack: str = ...,
    gpus: str | int = ...,
    model: _Path = ...,
    framework: str = ...,
    isl: str | int = ...,
    osl: str | int = ...,
    trace: _Path = ...,
    rate: str = ...,
    ttft: str = ...,
    tpot: str = ...,
    e2e: str = ...,
) -> World: ...
def plan(
    world: World | _Path | Mapping[str, Any],
    *,
    top: int = ...,
    screen: bool = ...,
    explain: bool = ...,
    filters: Sequence[str] = ...,
    pair: str = ...,
    threads: int = ...,
) -> _Report: ...
def simulate(
    world: World | _Path | Mapping[str, Any],
    *,
    rank: int = ...,
    requests: int = ...,
    warm_up: float = ...,
    windows: int = ...,
    threads: int = ...,
) -> Simulation: ...
def collective(
    rack: str,
    op: str = ...,
    *,
    gpus: int = ...,
    algorithm: str = ...,
    first: str = ...,
    last: str = ...,
    factor: int = ...,
    fidelity: str = ...,
    set: _Fields | None = ...,
    catalog: _Path = ...,
    threads: int = ...,
) -> _Report: ...
def rack(
    subject: _Path,
    *,
    load: str = ...,
    set: _Fields | None = ...,
    site: str = ...,
    years: int = ...,
    catalog: _Path = ...,
    threads: int = ...,
) -> _Report: ...
def validate(
    data: _Path = ...,
    *,
    kernels: bool = ...,
    collectives: bool = ...,
    serving: bool = ...,
    catalog: _Path = ...,
    threads: int = ...,
) -> _Report: ...
def columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]: ...
