from typing import Any

import numpy
import numpy.typing

__version__: str

class World:
    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def gpus(self) -> int: ...
    @property
    def warnings(self) -> str: ...

class Simulation:
    @property
    def report(self) -> dict[str, Any]: ...
    @property
    def series(self) -> dict[str, numpy.typing.NDArray[numpy.float64]]: ...
