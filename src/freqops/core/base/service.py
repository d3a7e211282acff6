"""Messages of a resident service to systemd: that it is ready, and that it still works (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket

VARIABLE = "NOTIFY_SOCKET"
READY, ALIVE = "READY=1", "WATCHDOG=1"


def tell(state: str) -> None:
    """Tell systemd ``state``; where no systemd asked for that, or it does not listen, nothing happens."""
    address = os.environ.get(VARIABLE, "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.settimeout(1.0)
        line.sendto(state.encode(), address)
