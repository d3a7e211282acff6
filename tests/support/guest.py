"""Speak to the server of a repository as the holder of its key may: any request, not only those that restic makes.

It runs on a host, and reads from its input the command that leads there, and the requests. It answers each with
whether that was well, and the beginning of the body, in hex.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, GO_AWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
WELL = 0x88  # the header that says 200
SHOWN = 400


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return a frame."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def header(name: str, value: str) -> bytes:
    """Return a header, spelt out."""
    return b"\0" + b"".join(bytes((len(text),)) + text for text in (name.encode(), value.encode()))


def request(stream: int, method: str, path: str, body: str) -> bytes:
    """Return the frames of a request."""
    fields = {":method": method, ":scheme": "http", ":authority": "localhost", ":path": path}
    block = b"".join(header(name, value) for name, value in fields.items())
    if not body:
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body.encode())


def main() -> None:
    """Ask, and print the answers."""
    asked = json.load(sys.stdin)
    with subprocess.Popen(asked["way"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as way:
        if way.stdin is None or way.stdout is None:
            raise OSError("there is no way")
        way.stdin.write(PREFACE + frame(SETTINGS, 0, 0, b""))
        answers = []
        for number, (method, path, body) in enumerate(asked["requests"]):
            stream = 2 * number + 1
            way.stdin.write(request(stream, method, path, body))
            way.stdin.flush()
            is_well, said, is_over = False, b"", False
            while not is_over:
                length, kind, flags, at = struct.unpack(">IBBI", b"\0" + way.stdout.read(9))
                payload = way.stdout.read(length)
                if kind == GO_AWAY:
                    raise OSError(f"it went away: {payload!r}")
                if at == stream:
                    is_well |= kind == HEADERS and payload[:1] == bytes((WELL,))
                    said += payload if kind == DATA else b""
                    is_over = kind == RESET or (kind in (HEADERS, DATA) and bool(flags & END_STREAM))
            answers.append([is_well, said[:SHOWN].hex()])
        way.stdin.close()
        way.kill()
    print(json.dumps(answers))  # noqa: T201  its answer


if __name__ == "__main__":
    main()
