"""What systemd says of our units: whatever keeps one from its work is named, with its cure."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from freqops.core.base import units
from freqops.core.base.errors import NotProven

TIMER = {
    "Id": "freqops-reassert.timer", "LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active",
    "FragmentPath": "/etc/systemd/system/freqops-reassert.timer", "DropInPaths": "", "Result": "success",
}  # fmt: skip
SERVICE = {
    **TIMER, "Id": "freqops-reassert.service", "UnitFileState": "static", "ActiveState": "inactive",
    "FragmentPath": "/etc/systemd/system/freqops-reassert.service",
}  # fmt: skip
OVERRIDE = "/etc/systemd/system/freqops-reassert.service.d/override.conf"


@pytest.mark.parametrize("unit", [TIMER, SERVICE, {**SERVICE, "ActiveState": "activating"}])
def test_a_unit_as_it_was_installed(unit: dict[str, str]) -> None:
    assert units.wrong(unit) == []


@pytest.mark.parametrize(
    ("unit", "change", "said"),
    [
        (TIMER, {"LoadState": "masked", "ActiveState": "inactive"}, "is masked: 'systemctl unmask"),
        (SERVICE, {"LoadState": "not-found", "FragmentPath": ""}, "cannot be loaded (not-found): deploy.yml"),
        (SERVICE, {"DropInPaths": OVERRIDE}, f"is overridden by {OVERRIDE}: remove"),
        (SERVICE, {"DropInPaths": f"/run/systemd/system/service.d/x.conf {OVERRIDE}"}, f"overridden by {OVERRIDE}:"),
        (SERVICE, {"DropInPaths": "/run/systemd/system/freqops-.service.d/x.conf"}, "overridden by /run"),
        (TIMER, {"FragmentPath": "/etc/systemd/system.control/freqops-reassert.timer"}, "overridden by /etc/systemd/s"),
        (TIMER, {"ActiveState": "inactive"}, "is inactive: 'systemctl restart"),
        (TIMER, {"UnitFileState": "disabled"}, "is disabled: 'systemctl enable"),
        (SERVICE, {"ActiveState": "failed", "Result": "exit-code"}, "failed (exit-code): 'journalctl -u"),
        (SERVICE, {"ActiveState": "failed", "Result": "start-limit-hit"}, "started too often"),
    ],
)
def test_whatever_keeps_it_from_its_work_is_named(unit: dict[str, str], change: dict[str, str], said: str) -> None:
    [found] = units.wrong({**unit, **change})
    assert found.startswith(unit["Id"])
    assert said in found


def test_a_drop_in_for_all_services_is_the_systems_own_business() -> None:
    assert units.wrong({**SERVICE, "DropInPaths": "/run/systemd/system/service.d/zzz-lxc-service.conf"}) == []


def text(*blocks: dict[str, str]) -> str:
    return "\n\n".join("\n".join(f"{key}={value}" for key, value in block.items()) for block in blocks) + "\n"


def test_all_are_asked_at_once() -> None:
    asked: list[list[str]] = []

    def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        asked.append(list(words))
        return subprocess.CompletedProcess(list(words), 0, text(SERVICE, TIMER), "")

    assert units.show(run, [TIMER["Id"], SERVICE["Id"]]) == {TIMER["Id"]: TIMER, SERVICE["Id"]: SERVICE}
    assert len(asked) == 1


@pytest.mark.parametrize(("said", "error"), [("", "no bus"), (text(TIMER), "nothing of freqops-reassert.service")])
def test_a_unit_of_which_it_says_nothing_is_an_error(said: str, error: str) -> None:
    def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(list(words), 1, said, "" if said else "no bus")

    with pytest.raises(NotProven, match=f"systemd does not answer: {error}"):
        units.show(run, [TIMER["Id"], SERVICE["Id"]])
