"""Connections to hosts as the inventory describes them, and ``freqops-host`` run over all of them at once.

An action plugin that bypasses Ansible's loop over hosts sees all of them, the unreachable ones too, which a loop would
drop silently from what follows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar

from freqops.core.base.clock import Clock
from freqops.core.base.visible import visible
from freqops.core.bot import host_command
from freqops.fleet import fanout

from . import bounded

SHOWN = 300
MOST = 4 * 1024 * 1024  # bytes that are read of an answer; a row of a halt has some hundreds
ELSEWHERE = "logs are followed over ssh alone; on the host itself: sudo freqops-host logs --follow"
LARGE = 32 * 1024 * 1024
MOST_OF = {"incident": LARGE, "move": LARGE, "runs": LARGE}  # files, which JSON makes longer; trades and epochs of runs
HUNG_UP = "Shared connection to "
LOADING = threading.Lock()  # Ansible shows other threads a plugin that it has only begun to load


class HostCommand(ActionBase):
    """Runs commands on a connection of its own, as Ansible's own actions do."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Is never called by Ansible: this is no task of a play."""
        raise NotImplementedError

    def answer(self, arguments: list[str], data: bytes | None = None) -> tuple[dict[str, Any] | None, str | None]:
        """Run freqops-host as root and return its JSON object, or None and why.

        Args:
            arguments: Its arguments.
            data: What it reads on its standard input.
        """
        result = self._low_level_execute_command(host_command.as_root(arguments), sudoable=True, in_data=data)
        answer = host_command.last_object(result["stdout"])
        if answer is not None:
            return answer, None
        said = _last_line(result["stderr"]) or _last_line(result["stdout"]) or "no output"
        return None, f"freqops-host gave no answer (status {result['rc']}): {visible(said, SHOWN)}"


def _last_line(text: str) -> str | None:
    """Return the last line that the host said, None where it said nothing: that it hung up is ssh's own word."""
    lines = [line for line in text.strip().splitlines() if not line.startswith(HUNG_UP)]
    return lines[-1] if lines else None


def ask(  # noqa: PLR0913, PLR0917  all that a question has
    action: ActionBase,
    hostvars: Any,
    commands: dict[str, list[str]],
    patience: float,
    clock: Clock | None = None,
    arrived: Callable[[fanout.Answer], None] = lambda _answer: None,
    data: Mapping[str, bytes] | None = None,
) -> list[fanout.Answer]:
    """Run freqops-host on all hosts of ``commands`` at once; see `freqops.fleet.fanout.ask`.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        commands: The arguments for each host.
        patience: Seconds to wait for all of them together.
        clock: Tells when they are over.
        arrived: Is given each answer as it comes.
        data: What it reads on its standard input, for each host.
    """
    given = data or {}
    hosts = {
        host: partial(_connect, action, hostvars, host, words, given.get(host)) for host, words in commands.items()
    }
    return fanout.ask(hosts, patience, clock, arrived)


def one(action: ActionBase, hostvars: Any, host: str, words: list[str], data: bytes | None = None) -> fanout.Said:
    """Run freqops-host on one host, and wait for its end.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        host: The host.
        words: The command and its arguments.
        data: What it reads on its standard input.

    Returns:
        Its JSON object, or None and why.

    Raises:
        Unreachable: The host was not reached.
    """
    with _reached():
        return _connected(action, hostvars, host, MOST_OF.get(words[0], MOST)).answer(words, data)


def follow(
    action: ActionBase,
    hostvars: Any,
    commands: dict[str, list[str]],
    patience: float | None,
    listener: fanout.Listener,
    clock: Clock,
) -> list[fanout.Answer]:
    """Run freqops-host on all hosts of ``commands`` at once, and take in what it tells; see `fanout.follow`.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        commands: The arguments for each host.
        patience: Seconds to wait for all of them together; None for until they have answered.
        listener: Takes in what they tell.
        clock: Tells when they are over.
    """
    hosts = {host: partial(_follow, action, hostvars, host, words) for host, words in commands.items()}
    return fanout.follow(hosts, patience, listener, clock)


def _follow(
    action: ActionBase, hostvars: Any, host: str, words: list[str], take: Callable[[fanout.Event], None]
) -> Callable[[], fanout.Said]:
    with _reached():
        command = _connected(action, hostvars, host, MOST)
    connection = command._connection
    if connection.transport != bounded.TRANSPORT:
        raise fanout.Unreachable(ELSEWHERE)
    connection.set_option("reconnection_retries", 0)  # a command that began again would tell everything twice

    def asked() -> fanout.Said:
        with _reached(), bounded.hearing(lambda line: take(host_command.event_of(line))):
            return command.answer(words)

    return asked


def _connect(
    action: ActionBase, hostvars: Any, host: str, words: list[str], data: bytes | None
) -> Callable[[], fanout.Said]:
    with _reached():
        command = _connected(action, hostvars, host, MOST_OF.get(words[0], MOST))

    def asked() -> fanout.Said:
        with _reached():
            return command.answer(words, data)

    return asked


@contextmanager
def _reached() -> Iterator[None]:
    """Let what Ansible raises for a host that it does not reach be `Unreachable`."""
    try:
        yield
    except AnsibleError as failure:
        raise fanout.Unreachable(visible(" ".join(str(failure.message).split()))) from failure


def _connected(action: ActionBase, hostvars: Any, host: str, most: int) -> HostCommand:
    variables = hostvars.raw_get(host)
    loader: DataLoader = action._loader
    templar = Templar(loader=loader, variables=variables)
    context = action._play_context.copy()
    connection = _connection(action, context, variables, templar, host)
    bounded.bind(connection, most)
    return HostCommand(
        task=action._task,
        connection=connection,
        play_context=context,
        loader=loader,
        templar=templar,
        shared_loader_obj=action._shared_loader_obj,
    )


def _connection(
    action: ActionBase, context: PlayContext, variables: dict[str, Any], templar: Templar, host: str
) -> Any:
    name = templar.template(variables.get("ansible_connection", context.connection or "ssh"))
    context.remote_addr = templar.template(variables.get("ansible_host", host))
    with LOADING:
        connection = connection_loader.get(name, context)
    if connection is None:
        raise AnsibleError(f"the connection plugin {name!r} of {host} was not found")
    become = _become(action, variables, templar)
    if become is not None:
        connection.set_become_plugin(become)
    keys = {**action._task.dump_attrs(), "timeout": context.timeout, "password": context.password or None}
    if context.become_pass:
        keys["become_pass"] = context.become_pass
    keys.pop("retries", None)
    connection.set_options(task_keys=keys, var_options=connection._resolve_option_variables(variables, templar))
    for plugin, kind in ((connection._shell, "shell"), (become, "become")):
        if plugin is not None:
            wanted = constants.config.get_plugin_vars(kind, plugin._load_name)
            options = {key: templar.template(variables[key]) for key in wanted if key in variables}
            plugin.set_options(task_keys=keys, var_options=options)
    return connection


def _become(action: ActionBase, variables: dict[str, Any], templar: Templar) -> Any:
    wanted = variables.get("ansible_become")
    if not (templar.template(wanted) if wanted is not None else action._task.become):
        return None
    name = templar.template(variables.get("ansible_become_method", action._task.become_method))
    with LOADING:
        return become_loader.get(name)
