"""The Python that `Field.ask` keeps running on a host, as root: it evaluates code, each piece in a process of its own.

It is started with the installed freqops-host on its path, has the rules loaded, and forks for each request, so no piece
of code sees what another did, and one that hangs delays no other. When the tool has been replaced, it takes no request
any more, and the next one starts it again. lab/base/conversation.py is its other end.
"""

import json
import os
import select
import sys
import traceback
from pathlib import Path
from typing import Any

from freqops.core.bot import layout, processes
from freqops.core.bot.client import FreqtradeClient
from freqops.core.halt import holds
from freqops.hostctl.bot import databases

TOOL = Path("/usr/local/bin/freqops-host")
BOTS = Path("/srv/freqops/bots")
GIVEN = {"json": json, "sys": sys, "Path": Path, "holds": holds, "layout": layout, "processes": processes}
LATER = (databases,)  # many pieces of code import it, which takes a moment


def serve() -> None:
    """Answer until the input ends, or there is another tool."""
    tool = mark()
    say({"ready": True})
    working: dict[
        int, tuple[int, int, bytearray]
    ] = {}  # by the pipe of its answer: request, process, the answer so far
    heard, listens = b"", True
    while listens or working:
        for pipe in select.select([0] * listens + list(working), [], [])[0]:
            piece = os.read(pipe, 65536)
            if pipe != 0:
                collect(working, pipe, piece)
            elif not piece:
                return
            else:
                *lines, heard = (heard + piece).split(b"\n")
                for request in lines:
                    listens = listens and mark() == tool
                    if listens:
                        begin(working, json.loads(request))


def mark() -> tuple[int, int]:
    """Return by what one installed tool differs from another."""
    found = TOOL.stat()
    return found.st_ino, found.st_mtime_ns


def begin(working: dict[int, tuple[int, int, bytearray]], request: dict[str, Any]) -> None:
    """Start the process that evaluates the code of a request."""
    say({"id": request["id"], "begun": True})
    reads, writes = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):  # what it prints is no answer, and what it reads no request
                os.dup2(nothing, stream)
            with os.fdopen(writes, "wb") as answer:
                answer.write(evaluate(request["bot"], request["code"]))
        finally:
            os._exit(0)
    os.close(writes)
    working[reads] = request["id"], process, bytearray()


def collect(working: dict[int, tuple[int, int, bytearray]], pipe: int, piece: bytes) -> None:
    """Take in a piece of an answer, and send the whole when it is complete."""
    number, process, answer = working[pipe]
    answer += piece
    if not piece:
        del working[pipe]
        os.close(pipe)
        status = os.waitpid(process, 0)[1]
        found = json.loads(answer) if answer else {"error": f"its process ended with status {status}"}
        say({"id": number, **found})


def evaluate(bot: str, code: str) -> bytes:
    """Return the ``answer`` of a piece of code that has the bot, its API and the rules at hand, or its traceback."""
    names: dict[str, Any] = {**GIVEN, "FreqtradeClient": FreqtradeClient, "answer": None}
    try:
        names["bot"] = found = layout.load_bot(BOTS / bot)
        names["api"] = FreqtradeClient(found.api_port, *found.credentials(), timeout=10)
        exec(compile(code, "<asked>", "exec"), names)  # noqa: S102  it is the test's own
        return json.dumps({"answer": names["answer"]}, default=str).encode()
    except BaseException:  # noqa: BLE001  also what ends a process: the answer goes to the test
        return json.dumps({"error": traceback.format_exc()}).encode()


def say(document: dict[str, Any]) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
