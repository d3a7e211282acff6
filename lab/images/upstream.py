"""Pull an image where its registry answers."""

import functools
from typing import Any

from docker import DockerClient
from docker.errors import APIError
from requests.exceptions import RequestException

from lab.base.console import Note, say
from lab.base.failure import LabError
from lab.engine import engine

PROBE_SECONDS = 8


@functools.cache
def answers(reference: str) -> bool:
    """Ask the engine, once, whether the registry of `reference` has it."""
    api: Any = engine.connected().api  # its stubs leave this method untyped
    api.timeout = PROBE_SECONDS
    try:
        api.inspect_distribution(reference)
    except (APIError, RequestException) as error:
        reason = error.explanation if isinstance(error, APIError) else type(error).__name__
        say(f"{reference} cannot be pulled here ({reason}): it is built from packages instead")
        return False
    return True


def pull(client: DockerClient, reference: str, note: Note) -> str:
    """Pull `reference` and return it.

    Raises:
        LabError: the registry answered, but the pull failed.
    """
    repository, _, tag = reference.rpartition(":")
    for message in client.api.pull(repository, tag=tag, stream=True, decode=True):
        if "error" in message:
            raise LabError(f"pulling {reference} failed: {message['error']}")
        note(f"{message.get('status', '')} {message.get('id', '')}")
    return reference
