"""The way into a lab host: one key for each checkout, host keys recorded through the engine and always checked."""

import io
import os
import stat
import subprocess
import tarfile
import tempfile
from pathlib import Path

from docker.errors import NotFound
from docker.models.containers import Container

from lab.base.atomic import write_atomically
from lab.base.failure import LabError
from lab.base.names import checkout_id
from lab.base.paths import HALT_KEY, KEY, KNOWN_HOSTS
from lab.base.programs import run
from lab.engine.ports import LOOPBACK

USER, UID = "ops", 1000
HOME = f"/home/{USER}"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
CONNECT_SECONDS = 5
KEPT_SECONDS = 60
ALIVE_SECONDS, ALIVE_TIMES = 5, 3
FAILED = 255
NEVER_ASKED = "mux_client_request_alive: "  # the kept connection ended before ssh could ask for anything over it
LONGEST_SOCKET = 83  # the system takes 104 bytes or more, and ssh puts 17 of its own behind the name for a moment
# Also in the inventory, so that Ansible connects as strictly as we do.
STRICT = ("-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "GlobalKnownHostsFile=/dev/null")


def ensure_keys() -> None:
    """Make the key pairs that are missing: that of the account that deploys, and one that can only halt."""
    for key, comment in ((KEY, "freqops lab"), (HALT_KEY, "freqops lab, halt")):
        if not key.exists():
            key.parent.mkdir(parents=True, exist_ok=True)
            key.parent.chmod(0o700)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(key)])


def public_halt_key() -> str:
    """Return the public part of the key that can only halt, as one line."""
    return HALT_KEY.with_suffix(".pub").read_text().strip()


def command(port: int, *remote: str, kept: bool = False, user: str = USER, key: Path = KEY) -> list[str]:
    """Return the ssh command line for the host published at `port`.

    Args:
        port: where its sshd listens on loopback.
        remote: what to run there; nothing opens a shell.
        kept: go over a connection that is open already, if there is one, and keep it open for the next command.
        user: who logs in.
        key: the private key that opens the host.
    """
    options = ["-o", f'UserKnownHostsFile="{KNOWN_HOSTS}"', "-o", f"ConnectTimeout={CONNECT_SECONDS}"]
    if kept:
        options += _keeping(_socket(port))
    return ["ssh", "-F", "/dev/null", *STRICT, *options, "-i", str(key), "-p", str(port), f"{user}@{LOOPBACK}", *remote]


def hang_up(port: int) -> None:
    """Close the kept connection to a host that is about to be gone, or was: nothing must be sent into a dead line."""
    path = _socket(port)
    if path.exists():
        line = ["ssh", "-F", "/dev/null", "-O", "exit", "-o", f"ControlPath={path}", LOOPBACK]
        subprocess.run(line, capture_output=True, check=False)  # it may have ended meanwhile


def _keeping(socket: Path) -> list[str]:
    """Return the options that share a connection; none where the system's temporary directory is too long for that."""
    if len(str(socket)) > LONGEST_SOCKET:
        return []
    alive = ["-o", f"ServerAliveInterval={ALIVE_SECONDS}", "-o", f"ServerAliveCountMax={ALIVE_TIMES}"]
    shared = ["ControlMaster=auto", f"ControlPath={socket}", f"ControlPersist={KEPT_SECONDS}"]
    return [*alive, *(word for option in shared for word in ("-o", option))]


def _socket(port: int) -> Path:
    """Return where the kept connection to a host is, in a directory that is ours alone.

    Raises:
        LabError: somebody else made the directory, or may write there: what is said to a host would go through them.
    """
    directory = Path(tempfile.gettempdir()) / f"freqops-lab-ssh-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise LabError(f"{directory} is no directory of yours alone; remove it")
    return directory / f"{checkout_id()}-{port}"


def authorize(container: Container) -> None:
    """Let our key in."""
    content = KEY.with_suffix(".pub").read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(".ssh/authorized_keys")
        member.size, member.mode, member.uid, member.gid = len(content), 0o600, UID, UID
        archive.addfile(member, io.BytesIO(content))
    container.put_archive(HOME, buffer.getvalue())


def host_key(container: Container) -> str | None:
    """Read a host's public key from its disk, None while it has made none."""
    try:
        stream, _ = container.get_archive(HOST_KEY)
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        content = archive.extractfile(archive.getmembers()[0])
        fields = content.read().decode("ascii").split() if content else []
    return " ".join(fields[:2]) or None


def record_host_keys(keys: dict[int, str]) -> None:
    """Write known_hosts: the key of each host, by its port."""
    lines = [f"[{LOOPBACK}]:{port} {key}\n" for port, key in sorted(keys.items())]
    write_atomically(KNOWN_HOSTS, "".join(lines), mode=0o600)
