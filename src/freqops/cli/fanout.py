"""One command on many hosts at once, over the connections that the inventory describes.

An action plugin that bypasses Ansible's loop over hosts sees all of them, the unreachable ones too, which a loop would
drop silently from what follows.
"""

from __future__ import annotations

import json
import shlex
import threading
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader
from ansible.template import Templar

TOOL = "/usr/local/bin/freqops-host"


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
        words = shlex.join([TOOL, *arguments])
        command = f'if [ "$(id -u)" = 0 ]; then exec {words}; else exec sudo -n {words}; fi'
        result = self._low_level_execute_command(command, sudoable=True)
        lines = [line for line in result["stdout"].splitlines() if line.startswith("{")]
        try:
            return json.loads(lines[-1]), None
        except (IndexError, ValueError):
            said = (result["stderr"] or result["stdout"]).strip().splitlines()
            return (
                None,
                f"freqops-host gave no answer (status {result['rc']}): {said[-1] if said else 'nothing was said'}",
            )


def ask(action: ActionBase, hostvars: Any, commands: dict[str, list[str]], patience: float) -> list[Answer]:
    """Run freqops-host on all hosts of ``commands`` at once.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        commands: The arguments for each host.
        patience: Seconds to wait for the slowest.

    Returns:
        An answer for each host, in the order of ``commands``; an unreachable one has an error.
    """
    answers = {host: Answer(host) for host in commands}
    workers = []
    for host, arguments in commands.items():
        worker = threading.Thread(target=_one, args=(action, hostvars, host, arguments, answers[host]), daemon=True)
        worker.start()
        workers.append(worker)
    for worker in workers:
        worker.join(patience)
    return list(answers.values())


def _one(action: ActionBase, hostvars: Any, host: str, arguments: list[str], answer: Answer) -> None:
    try:
        document, error = _connected(action, hostvars, host).answer(arguments)
    except AnsibleError as failure:
        answer.error = f"unreachable: {' '.join(str(failure.message).split())}"
    else:
        answer.document, answer.error = document, error


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
    return become_loader.get(templar.template(variables.get("ansible_become_method", action._task.become_method)))
