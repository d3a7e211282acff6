"""Units of systemd, as ``systemctl show`` describes them, and the faults of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from .commands import Run
from .errors import NotProven

PLACE = "/etc/systemd/system"
PROPERTIES = (
    *("Id", "LoadState", "FragmentPath", "DropInPaths", "UnitFileState", "ActiveState", "Result"),
    "ConditionTimestampMonotonic",
)
Unit = Mapping[str, str]


def show(run: Run, names: Sequence[str]) -> Mapping[str, Unit]:
    """Return the description of units by systemd, by name, asked all at once.

    Raises:
        NotProven: It does not answer, or not for each of them.
    """
    done = run(["systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "--", *names])
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in done.stdout.split("\n\n")]
    found = {block["Id"]: block for block in blocks if "Id" in block}
    missing = [name for name in names if name not in found]
    if missing:
        said = done.stderr.strip() or f"nothing of {', '.join(missing)}"
        raise NotProven(f"systemd does not answer: {said}")
    return found


def wrong(unit: Unit, *, resident: bool = False) -> list[str]:
    """Return why a unit of ours is not what was installed, or does not do its work; each line with its cure.

    Args:
        unit: The unit.
        resident: Whether it is to run all the time, as timers are.
    """
    name, state = unit["Id"], unit.get("ActiveState", "")
    if unit.get("LoadState") == "masked":
        return [f"{name} is masked: 'systemctl unmask {name}', and deploy"]
    if unit.get("LoadState") != "loaded":
        return [f"{name} cannot be loaded ({unit.get('LoadState')}): deploy.yml installs it"]
    found = overridden(unit)
    if resident or name.endswith(".timer"):
        return [*found, *_resident(unit, name, state)]
    if state == "failed":
        found.append(_failed(unit, name))
    return found


def overridden(unit: Unit) -> list[str]:
    """Return the other files that change what a unit of ours does; each line with its cure.

    A drop-in for a whole kind of units (``service.d``) is the system's own business.
    """
    name, place = unit["Id"], unit.get("FragmentPath", "")
    whole_kind = f"{PurePosixPath(name).suffix[1:]}.d"
    drop_ins = [path for path in unit.get("DropInPaths", "").split() if PurePosixPath(path).parent.name != whole_kind]
    others = [*drop_ins, *([place] if place and place != f"{PLACE}/{name}" else [])]
    return [f"{name} is overridden by {path}: remove that, and 'systemctl daemon-reload'" for path in others]


def _resident(unit: Unit, name: str, state: str) -> list[str]:
    found = []
    if state != "active":
        found.append(f"{name} is {state}: 'systemctl restart {name}'")
    if unit.get("UnitFileState") != "enabled":
        found.append(f"{name} is {unit.get('UnitFileState') or 'not enabled'}: 'systemctl enable {name}'")
    return found


def _failed(unit: Unit, name: str) -> str:
    result = unit.get("Result", "")
    again = f"'systemctl reset-failed {name}' lets it run again"
    if result == "start-limit-hit":
        return f"{name} was started too often and is not started any more: {again}"
    return f"{name} failed ({result}): 'journalctl -u {name}' says why, {again}"
