"""Releases to be judged by `validate_release.py` in the image, as the role runs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqops.core.deploy import strategy_source
from freqops.core.deploy.release import PACKAGE
from lab.base.paths import ROOT
from tests.contract.deployed import Files, effective_config
from tests.contract.stack import Stack, finished

STRATEGY = "MaCrossoverStrategy"
SHIPPED = ROOT / "strategies" / f"{STRATEGY}.py"
VALIDATOR = ROOT / "roles" / "freqtrade" / "files" / "validate_release.py"
VALIDATION = "freqops_validation"
JUDGE = Path(__file__).parent / "judge_releases.py"
MORE = "strategies/more.json"
Verdicts = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Release:
    """One release to judge: the lab's configuration and the shipped strategy, changed."""

    strategy: str = STRATEGY
    source: str | None = None
    drop: tuple[str, ...] = ()
    own: dict[str, Any] = field(default_factory=dict)
    database: str = "sqlite"
    live: bool = False
    more: dict[str, Any] | None = None
    parameters: dict[str, Any] | None = None
    known: tuple[str, ...] = ()


def write(home: Path, release: Release) -> Files:
    """Write a release, and what judges it, below a directory."""
    files = Files(home)
    source = SHIPPED.read_text() if release.source is None else release.source
    settled = strategy_source.settled({f"{release.strategy}.py": source}, release.strategy)
    config = effective_config("judged", release.strategy, release.own, live=release.live, settled=settled)
    for dotted in release.drop:
        section, _, key = dotted.rpartition(".")
        del (config[section] if section else config)[key]
    files.put_release(config, SHIPPED)
    shutil.copy(VALIDATOR, files.release)
    (files.release / VALIDATION).mkdir()
    for module in (VALIDATOR.parent / VALIDATION).glob("*.py"):
        shutil.copy(module, files.release / VALIDATION)
    if release.more is not None:
        (files.release / MORE).write_text(json.dumps(release.more))
    if release.source is not None:
        (files.release / "strategies" / f"{release.strategy}.py").write_text(release.source)
    if release.parameters is not None:
        (files.release / "strategies" / f"{release.strategy}.json").write_text(json.dumps(release.parameters))
    return files


def judge(stack: Stack, releases: Path, judged: Mapping[str, Release]) -> Verdicts:
    """Judge releases in one container: it is Freqtrade's imports that take the time."""
    for name, release in judged.items():
        files = write(releases / name, release)
        (files.release / "arguments").write_text(" ".join((release.database, *release.known)))
    shutil.copy(JUDGE, releases)
    container = stack.run(
        stack.image,
        entrypoint="python3",
        command=["/releases/judge_releases.py"],
        environment={"PYTHONPATH": f"/releases/{next(iter(judged))}/release/{PACKAGE}"},
        volumes=[f"{releases}:/releases:ro"],
        read_only=True,
        tmpfs={"/tmp": ""},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    assert status == 0, said
    return {name: (int(code), str(text)) for name, (code, text) in json.loads(said.splitlines()[-1]).items()}
