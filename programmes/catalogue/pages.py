"""View models of the pages about the service itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataPage:
    """How data is handled. `years`: for how many years after the last note records are kept, by the rule in force."""

    years: int
