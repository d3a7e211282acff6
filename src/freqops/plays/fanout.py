"""One command on many hosts at once, over the connections that the inventory describes.

An action plugin that bypasses Ansible's loop over hosts sees all of them, the unreachable ones too, which a loop would
drop silently from what follows.

Each host has a thread, which waits for a process: Ansible's connection starts ``ssh``. One deadline holds for all, and
no process outlives it, nor an interrupt. A connection that SSH keeps for the next command is not one of them.
"""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from types import FrameType
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar

from freqops.core.base.clock import Clock
from freqops.core.bot import host_command
from freqops.fleet import children

LOOK_EVERY = 0.1
ROUNDS = 50  # of ending what was started in the moment of the deadline
LOADING = threading.Lock()  # Ansible shows other threads a plugin that it has only begun to load
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Answer:
    """What one host said: its JSON object, or why there is none."""

    host: str
    document: dict[str, Any] | None = None
    error: str | None = "no answer in time"


class HostCommand(ActionBase):
    """Runs commands on a connection of its own, as Ansible's own actions do."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Is never called by Ansible: this is no task of a play."""
        raise NotImplementedError

    def answer(self, arguments: list[str]) -> tuple[dict[str, Any] | None, str | None]:
        """Run freqops-host as root and return its JSON object, or None and why."""
        words = shlex.join([host_command.TOOL, *arguments])
        command = f'if [ "$(id -u)" = 0 ]; then exec {words}; else exec sudo -n {words}; fi'
        result = self._low_level_execute_command(command, sudoable=True)
        answer = host_command.last_object(result["stdout"])
        if answer is not None:
            return answer, None
        said = (result["stderr"] or result["stdout"]).strip().splitlines() or ["nothing was said"]
        return None, f"freqops-host gave no answer (status {result['rc']}): {said[-1]}"


def ask(
    action: ActionBase, hostvars: Any, commands: dict[str, list[str]], patience: float, clock: Clock | None = None
) -> list[Answer]:
    """Run freqops-host on all hosts of ``commands`` at once.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        commands: The arguments for each host.
        patience: Seconds to wait for all of them together. What still runs then is ended.
        clock: Tells when they are over.

    Returns:
        An answer for each host, in the order of ``commands``; an unreachable one has an error.
    """
    answers: dict[str, Answer] = {}
    over = threading.Event()

    def one(host: str, arguments: list[str]) -> None:
        try:
            command = _connected(action, hostvars, host)
            if not over.is_set():
                answers[host] = Answer(host, *command.answer(arguments))
        except AnsibleError as failure:
            answers[host] = Answer(host, error=f"unreachable: {' '.join(str(failure.message).split())}")

    workers = [threading.Thread(target=one, args=asked, daemon=True) for asked in commands.items()]
    resource_tracker.ensure_running()  # is no host's: a connection with a password would start it in between
    clock = clock or Clock()
    deadline = clock.monotonic() + patience  # before anything is started: that takes its part of it
    before = children.alive()
    with _ended_by_interrupt(before):
        try:
            for worker in workers:
                worker.start()
            _wait(workers, deadline, clock)
        finally:
            in_time = dict(answers)
            over.set()
            _end(workers, before)
    return [in_time.get(host, Answer(host)) for host in commands]


def _wait(workers: list[threading.Thread], deadline: float, clock: Clock) -> None:
    for worker in workers:
        while worker.is_alive() and clock.monotonic() < deadline:
            worker.join(LOOK_EVERY)


def _end(workers: list[threading.Thread], before: set[children.Child]) -> None:
    """End what was started, until every worker has noticed; one that waits for no process is left to itself."""
    rounds = 0
    while (late := [worker for worker in workers if worker.is_alive()]) and rounds < ROUNDS:
        rounds += 1
        children.end(children.alive() - before)
        late[0].join(LOOK_EVERY)


@contextmanager
def _ended_by_interrupt(before: set[children.Child]) -> Iterator[None]:
    """Let an interrupt end what the block started, before it does what it would do: some is in sessions of its own."""

    def interrupted(number: int, _frame: FrameType | None) -> None:
        children.end(children.alive() - before)
        signal.signal(number, usual[number])
        os.kill(os.getpid(), number)

    heard = [number for number in INTERRUPTS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    usual: Mapping[int, Any] = {number: signal.signal(number, interrupted) for number in heard}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _connected(action: ActionBase, hostvars: Any, host: str) -> HostCommand:
    variables = hostvars.raw_get(host)
    loader: DataLoader = action._loader
    templar = Templar(loader=loader, variables=variables)
    context = action._play_context.copy()
    connection = _connection(action, context, variables, templar, host)
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
