"""The command line of the lab: `python -m lab up`, `down`, `status` and what a test needs beside them."""

import argparse
import os
import sys
from collections.abc import Callable

from docker.errors import APIError

from lab.base import console
from lab.base.failure import LabError
from lab.base.lock import alone_in
from lab.base.paths import LOCKED
from lab.down import down, down_one
from lab.engine import engine
from lab.hosts import volumes
from lab.hosts.host import Host
from lab.hosts.roster import HOSTS
from lab.reset import reset
from lab.status import status
from lab.up import images, up

INTERRUPTED = 130

Command = Callable[[argparse.Namespace], bool | None]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="bring the lab up, or repair its broken parts")
    up_parser.add_argument("--fresh", action="store_true", help="make the hosts again; what is on them is lost")
    up_parser.add_argument("--hosts", type=_names, help="the hosts that the lab has from now on; comma-separated")
    commands.add_parser("images", help="make what all labs share: images and registry; `up` does it itself")
    down_parser = commands.add_parser("down", help="remove all labs of this checkout: everything but the images")
    down_parser.add_argument("--one", action="store_true", help="remove only the lab that FREQOPS_LAB names")
    commands.add_parser("status", help="show what is up")
    commands.add_parser("sweep", help="delete the disks of hosts that are gone; `reset` starts this itself")
    for name, text in (
        ("ssh", "log in, or run a command"),
        ("reset", "make a host again"),
        ("stop-host", "shut a host down"),
        ("start-host", "start a host"),
        ("restart-host", "reboot a host"),
    ):
        host_parser = commands.add_parser(name, help=text)
        host_parser.add_argument("host", choices=[host.name for host in HOSTS])
        if name == "ssh":
            host_parser.add_argument("remote", nargs=argparse.REMAINDER, help="a command; none opens a shell")
    return parser


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _locked(action: Callable[[argparse.Namespace], None]) -> Command:
    def run(arguments: argparse.Namespace) -> None:
        with alone_in(LOCKED, "waiting for another lab command of this checkout"):
            action(arguments)

    return run


COMMANDS: dict[str, Command] = {
    "up": _locked(lambda a: up(fresh=a.fresh, hosts=a.hosts)),
    "images": _locked(lambda _: images()),
    "down": _locked(lambda a: down_one() if a.one else down()),
    "status": lambda _: status(),
    "sweep": lambda _: volumes.sweep(engine.connected()),
    "ssh": lambda a: Host(a.host).login(*a.remote),
    "reset": _locked(lambda a: reset(a.host)),
    "stop-host": _locked(lambda a: Host(a.host).stop()),
    "start-host": _locked(lambda a: Host(a.host).start()),
    "restart-host": _locked(lambda a: Host(a.host).reboot()),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        fine = COMMANDS[arguments.command](arguments)
    except KeyboardInterrupt:
        console.stop()
        console.say("interrupted; the next `up` goes on from here")
        os._exit(INTERRUPTED)  # threads that wait for the engine would hold the terminal for minutes
    except LabError as error:
        return _failed(str(error))
    except engine.LOST as error:
        return _failed(f"the Docker Engine went away ({error}); run `python -m lab up` again")
    except APIError as error:
        return _failed(f"the Docker Engine refused: {error.explanation}")
    finally:
        console.stop()
    return 1 if fine is False else 0


def _failed(reason: str) -> int:
    console.stop()
    console.say(f"ERROR: {reason}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
