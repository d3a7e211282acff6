# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: every refusal of deploy, all of them at once, before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from freqops.core.backup import declared_repositories
from freqops.core.base.errors import Refused
from freqops.core.bot import limits
from freqops.core.deploy import strategy_source
from freqops.core.preflight import bot_limits, machines, notify
from freqops.core.preflight import host as preflight_host
from freqops.core.preflight import judge as rules
from freqops.core.preflight.fleet import Fleet
from freqops.core.preflight.refusal import Refusal
from freqops.core.retention import policy
from freqops.core.runs import declared_risk
from freqops.plays import brought_files, inventory_files, preflight
from freqops.plays.fleet import lost as lost_bots
from freqops.plays.fleet_action import FleetAction
from freqops.plays.inventory_lines import Lines, directories
from freqops.plays.output import show

ROOT = Path(__file__).resolve().parents[1]
NOTHING = "REFUSED, nothing was touched"


class ActionModule(FleetAction):
    """See library/freqops_preflight.py."""

    def act(self) -> dict[str, Any]:
        """Judge the whole inventory, its repositories alone, or the findings on the hosts; change nothing."""
        variables, hostvars, probes = self.variables, self.hostvars, self.argument("probes")
        sources = [Path(source) for source in variables["ansible_inventory_sources"] if Path(source).exists()]
        alone = self.argument("repositories_alone")
        secrets, unopened = ({}, []) if alone else self._secrets(variables, sources)
        fleet, unread = preflight.read(hostvars, ROOT / "roles", secrets)
        if alone:
            refusals = [*_about_backups(unread), *declared_repositories.alone(fleet, self._keepers())]
        elif probes:
            refusals = self._on_hosts(fleet, variables, probes)
        else:
            absent = [lost.refusal for lost in lost_bots(variables)]
            refusals = [*inventory_files.judge(sources), *absent, *unopened, *unread, *rules.judge(fleet)]
            refusals += bot_limits.without_gate(fleet, _gated(fleet, hostvars))
            refusals += _files(fleet, hostvars)
            refusals += [*declared_risk.judge(fleet), *policy.judge(fleet)]
            refusals += declared_repositories.judge(fleet, self._keepers())
        found = preflight.located(refusals, Lines(sources, Path.cwd()), hostvars)
        if not found:
            return {"changed": False}
        lines = [refusal.line for refusal in found]
        show(lines, "red")
        return {"failed": True, "msg": f"{NOTHING}: {self._summary(lines)}"}

    def _keepers(self) -> list[str]:
        """Return the hosts that keep repositories of others."""
        return list(self.variables["groups"].get(declared_repositories.KEEPERS, []))

    def _secrets(self, variables: dict[str, Any], sources: list[Path]) -> tuple[dict[str, Any], list[Refusal]]:
        """Return the secrets of the inventory, loaded by the play or from the file beside it; or why not."""
        names = (preflight.SECRETS, preflight.NOTIFY)
        given = {name: variables[name] for name in names if name in variables}
        if given:
            return {name: preflight.plain(self._templar.template(value)) for name, value in given.items()}, []
        loaded: dict[str, Any] = {}
        for file in (directory / inventory_files.SECRETS for directory in directories(sources)):
            if not file.is_file():
                continue
            try:
                found = self._loader.load_from_file(str(file), trusted_as_template=True)
                loaded.update(self._templar.template(found or {}))
            except (AnsibleError, TypeError, ValueError):  # what it says may quote the file
                cure = "is it YAML that maps names to values, and was the password of its vault given?"
                return {}, [Refusal("", f"{file} cannot be read", cure)]
        return {name: preflight.plain(loaded[name]) for name in names if name in loaded}, []

    def _on_hosts(self, fleet: Fleet, variables: dict[str, Any], name: str) -> list[Refusal]:
        """Judge the findings on each host that the play has not left behind."""
        refusals: list[Refusal] = []
        here: dict[str, str] = {}
        tokens: dict[str, object] = {}
        for host in variables["ansible_play_hosts"]:
            found = preflight.plain(variables["hostvars"][host].get(name, {}))
            refusals += preflight_host.judge(fleet, host, found)
            tokens[host] = found.get("telegram_tokens", {})
            if "machine" in found:
                here[host] = str(found["machine"])
        return [*refusals, *notify.polled_twice(fleet, tokens), *machines.identities(here)]

    def _summary(self, lines: list[str]) -> str:
        return lines[0] if len(lines) == 1 else f"{len(lines)} reasons, one on each line above"


def _about_backups(refusals: list[Refusal]) -> list[Refusal]:
    """Return those of refusals that are about variables of backups, or about the way to a host."""
    about = (*declared_repositories.ABOUT, "ansible_host")
    return [each for each in refusals if each.paths and str(each.paths[0][0]).startswith(about)]


def _files(fleet: Fleet, hostvars: Any) -> Iterator[Refusal]:
    """Yield the faults of the files of each bot that lie here."""
    for bot in fleet.bots:
        yield from brought_files.judge(bot, hostvars[bot.host].get("inventory_dir"), ROOT)


def _gated(fleet: Fleet, hostvars: Any) -> dict[tuple[str, str], bool | None]:
    """Return for each bot with a limit whether the sources of its strategy have the entry gate."""
    found: dict[tuple[str, str], bool | None] = {}
    for bot in fleet.bots:
        if any(bot.entry.get(key) is not None for key in limits.KEYS):
            directory = brought_files.strategy_dir(bot.entry, hostvars[bot.host].get("inventory_dir"), ROOT)
            try:
                files = brought_files.strategy_texts(directory)
            except Refused:  # `brought_files.judge` says so
                files = {}
            found[bot.host, bot.name] = strategy_source.gated(files, str(bot.entry["strategy"]))
    return found
