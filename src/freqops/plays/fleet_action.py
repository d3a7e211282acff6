"""The action that reaches all hosts of a play at once, the unreachable ones too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible import context
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from freqops.core.base.errors import Refused
from freqops.core.base.visible import all_visible, visible
from freqops.core.bot import host_command, inputs
from freqops.fleet.fanout import Answer

from . import connections, fleet, output
from .inventory_bots import Lost

SHOWN = 40
UNKNOWN, NO_HOST = "?", "no host"  # of a bot that the fleet has lost


class FleetAction(ActionBase):
    """An action that runs once for all hosts of the play; what it refuses, it refuses before any host is asked.

    Attributes:
        FOREIGN: Whether its result may have words of others, which are made visible in it.
        variables: The variables of the task.
    """

    BYPASS_HOST_LOOP = True
    FOREIGN = True
    _supports_check_mode = True
    variables: dict[str, Any]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of `act`, or a failure with the reason why nothing ran."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.variables = task_vars or {}
        try:
            done = self.act()
        except Refused as refusal:
            done = {"failed": True, "msg": f"REFUSED, nothing ran: {refusal}"}
        return {**result, **(all_visible(done) if self.FOREIGN else done)}

    def act(self) -> dict[str, Any]:
        """Do the work and return the result of the task.

        Raises:
            Refused: Nothing ran.
        """
        raise NotImplementedError

    def argument(self, name: str, default: Any = None) -> Any:
        """Return an argument of the task as it was given; the default, if any, where it is missing or an empty text."""
        value = self._task.args.get(name)
        return default if value is None or (value == "" and default is not None) else value

    def truth(self, name: str) -> bool:
        """Return an argument that is true or false; false where it is missing.

        Raises:
            Refused: It is neither.
        """
        try:
            return bool(boolean(self.argument(name, False), strict=True))
        except TypeError:
            raise Refused(f"{name} is {visible(self.argument(name), SHOWN)!r}; allowed: true or false") from None

    @property
    def hostvars(self) -> Any:
        """Ansible's variables of all hosts."""
        return self.variables["hostvars"]

    @property
    def limited(self) -> bool:
        """Whether the play is about a part of the inventory."""
        return bool(context.CLIARGS.get("subset"))

    def declared(self) -> dict[str, list[str]]:
        """Return the bots that the inventory declares, for each host of the play."""
        return fleet.bots_of(self.hostvars, self.variables["ansible_play_hosts_all"])

    def lost_or_why(self) -> list[Lost]:
        """Return the lost bots; files that cannot be compared keep no host from being asked, and are one more row."""
        try:
            return self._lost()
        except Exception as error:  # noqa: BLE001  whatever it is, the play goes on
            return [Lost(UNKNOWN, "", f"a file that cannot be read ({type(error).__name__}: {error})")]

    def _lost(self) -> list[Lost]:
        """Return the bots that stand in the files of the inventory, are meant, and are not in the fleet."""
        wanted, hosts = self.argument("bots"), self.declared()
        return [
            bot
            for bot in fleet.lost(self.variables)
            if (bot.host in hosts or not self.limited)
            and (inputs.means_all(wanted) or bot.bot in str(wanted).split(","))
        ]

    def ask(
        self,
        commands: dict[str, list[str]],
        patience: float,
        check: Callable[[dict[str, Any]], object],
        data: Mapping[str, bytes] | None = None,
    ) -> list[Answer]:
        """Run ``freqops-host`` on hosts, as `connections.ask`.

        Args:
            commands: The arguments for each host.
            patience: Seconds to wait for all of them together.
            check: Raises where the document of a host is not what it must be.
            data: What it reads on its standard input, for each host.

        Returns:
            An answer for each host. One that refused, or whose document is not what it must be, has an error and no
            document.
        """

        def arrived(answer: Answer) -> None:
            answer.error = answer.error or host_command.refusal(answer.document or {})
            if answer.error is None:
                check(answer.document or {})

        sent = {} if data is None else {"data": data}
        answers = connections.ask(self, self.hostvars, commands, patience, None, arrived, **sent)
        for answer in answers:
            if answer.error is not None:
                answer.document = None
            if answer.trace is not None:
                output.trace(answer.host, answer.trace)
        return answers
