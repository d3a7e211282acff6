# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the configuration of every bot that is named, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from freqops.core.base import durable, kinds
from freqops.core.base.errors import Refused
from freqops.core.base.visible import page
from freqops.core.deploy import config_origins
from freqops.core.deploy.installed_config import Value
from freqops.fleet.fanout import Answer
from freqops.plays import fleet, preflight
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, show

PATIENCE = 60.0
PRIVATE = 0o600
VALUE = {"path": kinds.list_of(kinds.text), "value": kinds.anything, "said": kinds.text}
ROW = {"bot": kinds.text, "release": kinds.text, "values": kinds.list_of(kinds.having(**VALUE))}


class ActionModule(FleetAction):
    """See library/freqops_config.py."""

    def act(self) -> dict[str, Any]:
        """Ask every host that has one of them, show them, write them where asked, and fail unless all were read."""
        chosen = {host: bots for host, bots in fleet.chosen(self.argument("bots"), self.declared()).items() if bots}
        layers = {host: self._layers(host, bots) for host, bots in chosen.items()}
        answers = self.ask({host: ["config", ",".join(bots)] for host, bots in chosen.items()}, PATIENCE, check)
        lines, wrong = [], []
        for answer in answers:
            missing = set(chosen[answer.host]) - {row["bot"] for row in (answer.document or {}).get("bots", [])}
            wrong += [f"{answer.host}: {bot}: {answer.error or 'it has no row'}" for bot in sorted(missing)]
            lines += _of_host(answer, layers[answer.host])
        show(["", *lines, *wrong], BAD if wrong else GOOD)
        target = self.argument("to")
        changed = bool(target) and not self._task.check_mode and _written(Path(target), page(lines) + "\n")
        judged = {"changed": changed, "lines": lines}
        return {**judged, "failed": True, "msg": "NOT ALL READ: " + "; ".join(wrong)} if wrong else judged

    def _layers(self, host: str, bots: list[str]) -> dict[str, Any]:
        """Return for each bot its layers in the inventory.

        Raises:
            Refused: That cannot be read.
        """
        try:
            shared = preflight.plain(self.hostvars[host].get("freqtrade_config") or {})
            declared = {bot["name"]: bot for bot in preflight.plain(self.hostvars[host]["freqtrade_bots"])}
            return {name: config_origins.wanted(shared, declared[name]) for name in bots}
        except (AnsibleError, KeyError, TypeError, AttributeError) as error:
            why = f"the bots of {host} cannot be read from the inventory ({type(error).__name__})"
            raise Refused(f"{why}; deploy.yml --check says what is wrong with it") from None


def check(answer: Mapping[str, Any]) -> None:
    """Refuse anything but the answer of ``freqops-host config``.

    Raises:
        Malformed: It is not.
    """
    rows = [kinds.checked(row, ROW, tuple(ROW)) for row in kinds.value(answer, "bots", kinds.list_of(kinds.object_))]
    kinds.refuse_twice([row["bot"] for row in rows])


def _of_host(answer: Answer, layers: Mapping[str, Any]) -> list[str]:
    """Return the lines of YAML for a host."""
    lines = []
    for row in (answer.document or {}).get("bots", []):
        if row["bot"] in layers:
            values = [Value(tuple(each["path"]), each["value"], each["said"]) for each in row["values"]]
            said = config_origins.lines([each for each in values if each.path], layers[row["bot"]])
            lines += [f"  {row['bot']}:  # release {row['release']}", *(f"    {line}" for line in said)]
    return [f"{answer.host}:", *lines] if lines else []


def _written(path: Path, text: str) -> bool:
    """Write a file that its owner alone may read, and return whether it is another one than before."""
    if path.is_file() and path.read_text() == text:
        return False
    durable.write_atomic(path, text.encode(), PRIVATE)
    return True
