"""Connect to every TCP port of an address and print those that answered, as JSON; runs in a container.

The kernel shakes hands by itself; whether it did is only looked at when the time is over. So a busy machine, on which
this program gets its turn late, misses no port.
"""

import errno
import json
import socket
import sys
import time

AT_ONCE = 6000
PATIENCE = 1.5
UNDER_WAY = (0, errno.EINPROGRESS, errno.ECONNREFUSED)


def begun(address: str, port: int) -> socket.socket:
    """Return a socket that begins to connect.

    Raises:
        OSError: Out of descriptors or memory: such a scan would find nothing and mean nothing.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    code = made.connect_ex((address, port))
    if code not in UNDER_WAY:
        raise OSError(code, "a connection could not even be begun")
    return made


def is_connected(begun_socket: socket.socket) -> bool:
    """Return whether the other side has answered."""
    try:
        begun_socket.getpeername()
    except OSError:
        return False
    return True


def scan(address: str, first: int, last: int) -> list[int]:
    """Return the open ports of a range."""
    found: list[int] = []
    for begin in range(first, last + 1, AT_ONCE):
        sockets = {port: begun(address, port) for port in range(begin, min(begin + AT_ONCE, last + 1))}
        time.sleep(PATIENCE)
        found += [port for port, each in sockets.items() if is_connected(each)]
        for each in sockets.values():
            each.close()
    return found


print(json.dumps(scan(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201 - its answer
