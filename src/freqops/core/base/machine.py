"""The identity of this machine, which does not depend on its names."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def identity(proc: Path = PROC) -> str:
    """Return a text that no two running machines share; empty where the kernel does not give it.

    It is the boot of the kernel, and the processes that one sees in it: machines that are containers share a kernel.
    The machine-id is no part of it, for copies of one disk have the same.

    Args:
        proc: Where the kernel tells about itself.
    """
    try:
        boot = (proc / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
        return f"{boot} {(proc / 'self' / 'ns' / 'pid').readlink()}"
    except OSError:
        return ""
