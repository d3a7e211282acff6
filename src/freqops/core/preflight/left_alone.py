"""The projects that are left alone on each host, as an inventory declares them."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.errors import Refused
from ..bot.left_alone import VARIABLE, projects
from .fleet import Fleet
from .refusal import Refusal


def entries(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the first mistake in the list of each host, as the host itself would find it."""
    for host in fleet.hosts:
        declared = fleet.value(host, VARIABLE)
        for number in range(1, len(declared) + 1):
            try:
                projects(declared[:number])
            except Refused as refusal:
                wrong, _, cure = str(refusal).partition("; ")
                place = (VARIABLE, number - 1)
                yield Refusal(host, f"{VARIABLE}[{number - 1}]: {wrong}", cure, paths=(place, (VARIABLE,)))
                break
