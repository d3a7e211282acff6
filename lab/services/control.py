"""The exchange's operator port, reached inside its container: no bot and no neighbour can."""

from collections.abc import Iterator
from typing import Any

from docker.errors import APIError
from docker.utils.socket import frames_iter_no_tty

from lab.base.conversation import Conversation
from lab.base.failure import LabError
from lab.base.names import name_of
from lab.engine import containers, engine

PORT = 8081
COMMAND = ["python3", "-m", "lab.exchange.operator_line", str(PORT)]


def control(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Send one request to the operator port and return its JSON answer; see lab/exchange/control.py for the paths.

    Raises:
        LabError: the exchange is not up, or refuses.
    """
    said = _CONVERSATION.ask({"method": method, "path": path, "body": body})
    if "error" in said or said["status"] >= 300:
        raise LabError(f"{method} {path} at the exchange: {said.get('error') or said['body']}")
    return said["body"]


class ExecLine:
    """A line to a program that was started in the exchange's container; it ends with the container."""

    def __init__(self) -> None:
        client = engine.connected()
        container = containers.find(client, name_of("exchange"))
        if container is None:
            raise LabError("the exchange is not up; run `python -m lab up`")
        api: Any = client.api  # its stubs leave these methods untyped
        try:
            made = api.exec_create(container.id, COMMAND, stdin=True)
            self._stream = api.exec_start(made["Id"], socket=True)
        except APIError as error:
            raise LabError(f"the exchange is not up ({error.explanation}); run `python -m lab up`") from error
        self._socket = getattr(self._stream, "_sock", self._stream)
        self._socket.settimeout(None)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def heard(self) -> Iterator[bytes]:
        """Yield what the program writes."""
        for _, piece in frames_iter_no_tty(self._stream):
            if isinstance(piece, bytes):
                yield piece

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()


_CONVERSATION = Conversation(ExecLine)
