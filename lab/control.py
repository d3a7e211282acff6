"""The exchange's operator port, reached inside its container: no bot and no neighbour can."""

import json
from typing import Any

from lab import containers, engine
from lab.failure import LabError
from lab.names import name_of

PORT = 8081
ASK = """
import sys, urllib.request
method, path, body = sys.argv[1:]
request = urllib.request.Request("http://127.0.0.1:{port}" + path, method=method, data=body.encode() or None)
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""


def control(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Send one request to the operator port and return its JSON answer; see lab/exchange/control.py for the paths.

    Raises:
        LabError: the exchange is not up, or refuses.
    """
    container = containers.find(engine.connected(), name_of("exchange"))
    if container is None:
        raise LabError("the exchange is not up; run `python -m lab up`")
    data = "" if body is None else json.dumps(body)
    done = container.exec_run(["python3", "-c", ASK.format(port=PORT), method, path, data])
    output = done.output if isinstance(done.output, bytes) else b"".join(done.output)
    said = output.decode(errors="replace")
    if done.exit_code != 0:
        raise LabError(f"{method} {path} at the exchange: {said.strip()[-300:]}")
    return json.loads(said)
