"""The rights a container needs to run systemd and a Docker Engine; which of them work depends on the machine."""

from pathlib import Path
from typing import Any

from lab.base.failure import LabError

Json = dict[str, Any]

NAMES = ("privileged", "capabilities")
# A machine with cgroup v1 mounts an empty v2 tree here; systemd 257 accepts nothing older than v2.
UNIFIED = Path("/sys/fs/cgroup/unified")
TMPFS = {"/run": "", "/tmp": "exec"}  # noqa: S108 - a path inside the host


def host_config(name: str, cgroup_version: str) -> Json:
    """Return the host part of the create call for one set of rights.

    Args:
        name: one of NAMES.
        cgroup_version: what the engine reports, "1" or "2".
    """
    config: Json = {"Tmpfs": TMPFS, **_cgroup(name, cgroup_version)}
    if name == "privileged":
        return config | {"Privileged": True}
    return config | {
        "CapAdd": ["ALL"],
        "CapDrop": ["SYS_RESOURCE", "SYS_TIME"],
        "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
        # What the command line calls systempaths=unconfined.
        "MaskedPaths": [],
        "ReadonlyPaths": [],
    }


def order(known: str) -> tuple[str, ...]:
    """Return the sets of rights to try, the one that worked last time first."""
    return tuple(sorted(NAMES, key=lambda name: name != known))


def check_cgroup(cgroup_version: str) -> None:
    """Refuse a machine on which systemd cannot run in a container.

    Raises:
        LabError: it has cgroup v1 and no v2 tree beside it.
    """
    if cgroup_version == "1" and not UNIFIED.is_dir():
        raise LabError(
            f"this machine has cgroup v1 only, and systemd 257 needs v2: run `mkdir {UNIFIED} && "
            f"mount -t cgroup2 none {UNIFIED}`, or boot with systemd.unified_cgroup_hierarchy=1"
        )


def _cgroup(name: str, version: str) -> Json:
    if version == "1":
        return {"CgroupnsMode": "host", "Binds": [f"{UNIFIED}:/sys/fs/cgroup:rw"]}
    if name == "privileged":
        return {"CgroupnsMode": "private"}
    return {"CgroupnsMode": "host", "Binds": ["/sys/fs/cgroup:/sys/fs/cgroup:rw"]}
