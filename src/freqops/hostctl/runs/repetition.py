"""A run repeated: the order of what a former run of this host was, out of the directory of that run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.runs import registry, run_id, run_inputs
from freqops.core.runs.registry_schema import FINISHED
from freqops.core.runs.run_order import Again, Order

from . import input_files
from .run_directory import RunDirectory

WHAT = {
    "strategy_sha256": "strategy", "parameters_sha256": "parameter file", "user_files_sha256": "copy of user_files",
    "python_sha256": "package of freqops", "config_sha256": "configuration",
}  # fmt: skip


def order_of(root: Path, given: Again) -> Order:
    """Return the order that repeats a run.

    Raises:
        Refused: There is no such run, it has no result, or what it read is not there any more as it was.
    """
    if run_id.kind_of(given.run) == "download":
        raise Refused(f"{given.run} is a download: it has no result that another one could be compared with")
    place = RunDirectory(root, given.run)
    asked = place.asked()
    row = _row(root, given.run)
    if row["status"] != FINISHED:
        raise Refused(f"{given.run} is {row['status']}: it has no result that another one could be compared with")
    config = durable.read_json(place.input / input_files.CONFIG)
    if not isinstance(config, dict):
        raise Refused(f"{place.input / input_files.CONFIG} is not there any more, or cannot be read")
    files = dict(input_files.below(place.input))
    for name, found in input_files.checksums(files, config).items():
        if found != (row[name] or ""):
            raise Refused(f"the {WHAT[name]} below {place.input} is not the one that {given.run} had")
    return Order(
        inputs=run_inputs.parsed({**asked["inputs"], "bot": "", "strategy": asked["strategy"]}),
        actor=given.actor,
        reason=given.reason,
        config=config,
        files=files,
        image=asked["image"],
        packages=Path(asked["packages"]).name,
        wait=given.wait,
        force=given.force,
        again=given.run,
    )


def _row(root: Path, run: str) -> dict[str, Any]:
    with registry.opened(registry.place(root)) as opened:
        row = opened.run(run)
    if row is None:
        raise Refused(f"the registry of this host has no run {run}")
    return row
