"""The guard of a run of a playbook: it refuses ways to leave tasks out, and sees whether the deed was done.

Ansible leaves tasks out when it is told to (``--tags``, ``--start-at-task``), and a play that ran nothing ends with 0.
A play cannot see this from inside, so the callback plugin ``playbooks/callback_plugins/freqops_done.py`` sees it from
outside: Ansible loads it with every playbook of that directory, whatever ansible.cfg says. Where it cannot be loaded,
the lookup plugin ``freqops_watched`` in the first play fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

STRATEGY = "linear"
EVERYTHING = ["all"]
OF_MOLECULE = {
    "molecule-notest",
    "notest",
    "molecule-idempotence-notest",
}  # molecule always skips them, and no task bears them
FLEET = "freqops_fleet"
LOOKS = {"look": True}
UNWATCHED = "the callback plugin playbooks/callback_plugins/freqops_done.py was not loaded"


@dataclass(frozen=True)
class Deed:
    """The deed of a playbook: the task for which it exists.

    Attributes:
        module: The module of the task.
        states: The values of its argument ``state`` that do the deed; empty where each does.
        whole_fleet: Whether one run of it reaches all hosts of the play.
        also: Another module whose task does it, where the playbook is asked for something else.
    """

    module: str
    states: tuple[str, ...] = ()
    whole_fleet: bool = False
    also: str = ""

    def is_done_by(self, module: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a task that ended well did the deed; one that only looked did not."""
        if module not in (self.module, self.also):
            return False
        looked = any(arguments.get(name) == value for name, value in LOOKS.items())
        return not looked and (not self.states or arguments.get("state") in self.states)


DEEDS = {
    "adopt": Deed("freqops_adopt", ("adopted", "undone")),
    "analysis": Deed("freqops_run", whole_fleet=True),
    "backtest": Deed("freqops_run", whole_fleet=True),
    "backup": Deed("freqops_backup"),
    "bots": Deed("freqops_bots"),
    "circuit_breaker": Deed("freqops_circuit_breaker", whole_fleet=True),
    "config": Deed("freqops_config", whole_fleet=True),
    "deploy": Deed("freqops_manifest", ("written",), whole_fleet=True),
    "download_data": Deed("freqops_run", whole_fleet=True),
    "drill": Deed("freqops_drill", whole_fleet=True),
    "flatten": Deed("freqops_flatten"),
    "hyperopt": Deed("freqops_run", whole_fleet=True),
    "incident": Deed("freqops_incident", whole_fleet=True),
    "logs": Deed("freqops_logs", whole_fleet=True),
    "keepalive": Deed("freqops_keepalive"),
    "killswitch": Deed("freqops_halt", whole_fleet=True),
    "lockout": Deed("freqops_lockout"),
    "migrate_host": Deed("freqops_move", ("arrived",)),
    "rebuild_host": Deed("freqops_restore", also="freqops_restore_parts"),
    "reconcile": Deed("freqops_reconcile"),
    "remove": Deed("freqops_remove"),
    "renew_repository": Deed("freqops_renew_repository"),
    "repositories": Deed("freqops_repositories", ("kept",)),
    "restore": Deed("freqops_restore", also="freqops_restore_parts"),
    "restore_drill": Deed("freqops_restore_drill", whole_fleet=True),
    "resume": Deed("freqops_resume"),
    "retention": Deed("freqops_retention"),
    "rollback": Deed("freqops_rollback"),
    "runs": Deed("freqops_runs", whole_fleet=True),
    "schedule": Deed("freqops_schedule", whole_fleet=True),
    "security_check": Deed("freqops_security_check", whole_fleet=True),
    "status": Deed("freqops_status", whole_fleet=True),
    "strategies": Deed("freqops_strategies", whole_fleet=True),
    "upgrade_postgres": Deed("freqops_upgrade_postgres"),
    "vacuum": Deed("freqops_vacuum"),
    "witness_contract": Deed("freqops_witness_contract"),
}


@dataclass
class Run:
    """A run of one playbook.

    Attributes:
        name: The playbook, without its suffix.
        hosts: The hosts on which the deed must be done.
        done: Those on which it was done.
    """

    name: str
    hosts: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def note(self, host: str, module: str, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Take in a task that ended well on a host."""
        if module == FLEET:
            self.hosts |= set(result.get("meant") or ())
        deed = DEEDS[self.name]
        if module == deed.module and result.get("same"):  # a deploy found nothing to do there
            self.done |= set(result["same"])
        if deed.is_done_by(module, arguments):
            self.done |= self.hosts if deed.whole_fleet else {host}

    @property
    def is_done(self) -> bool:
        """Whether the deed was done on every host, and on one at least."""
        return bool(self.hosts) and self.hosts <= self.done

    def line(self, *, check: bool, well: bool) -> str:
        """Return the last line of the run.

        Args:
            check: Whether it was a check.
            well: Whether no task failed and every host was reached.
        """
        if check:
            return f"{self.name}: NOTHING DONE: this was a check"
        count = f"{len(self.hosts & self.done)} of {len(self.hosts)} hosts"
        return f"{self.name}: done, {count}" if well and self.is_done else f"{self.name}: NOT DONE, {count}"


def left_out(arguments: Mapping[str, Any], strategy: str) -> Iterator[str]:
    """Yield the settings that let Ansible leave tasks out, or run them elsewhere, and the way to take each back.

    Args:
        arguments: Ansible's command line, into which it has put its environment and its configuration.
        strategy: The strategy of plays that name none.
    """
    tags = list(arguments.get("tags") or EVERYTHING)
    if tags != EVERYTHING:
        yield f"tags {_said(tags)}: leave out --tags, ANSIBLE_RUN_TAGS and [tags] run in ansible.cfg"
    if set(arguments.get("skip_tags") or ()) - OF_MOLECULE:
        skipped = _said(arguments["skip_tags"])
        yield f"tags to skip {skipped}: leave out --skip-tags, ANSIBLE_SKIP_TAGS and [tags] skip in ansible.cfg"
    if arguments.get("start_at_task"):
        yield f"a task to start at, {arguments['start_at_task']!r}: leave out --start-at-task"
    if strategy != STRATEGY:
        yield f"the strategy {strategy!r}: leave out ANSIBLE_STRATEGY and strategy in ansible.cfg"
    if arguments.get("connection") == "local":
        yield (
            "local connections, which lead every host's commands to this machine: leave out --connection, "
            "ANSIBLE_TRANSPORT and transport in ansible.cfg"
        )


def _said(tags: Iterable[Any]) -> str:
    return ", ".join(sorted(repr(str(tag)) for tag in tags))


class Guard:
    """The guard of this process; no play begins where it does not watch.

    Attributes:
        watches: Whether the callback plugin was loaded.
    """

    watches = False
