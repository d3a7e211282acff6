"""The way into a lab host: one key for each checkout, host keys recorded through the engine and always checked."""

import io
import tarfile

from docker.errors import NotFound
from docker.models.containers import Container

from lab.atomic import write_atomically
from lab.paths import KEY, KNOWN_HOSTS
from lab.ports import LOOPBACK
from lab.programs import run

USER, UID = "ops", 1000
HOME = f"/home/{USER}"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
CONNECT_SECONDS = 5
# Also in the inventory, so that Ansible connects as strictly as we do.
STRICT = ("-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "GlobalKnownHostsFile=/dev/null")


def ensure_key() -> None:
    """Make the key pair if there is none."""
    if not KEY.exists():
        KEY.parent.mkdir(parents=True, exist_ok=True)
        KEY.parent.chmod(0o700)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "freqops lab", "-f", str(KEY)])


def command(port: int, *remote: str) -> list[str]:
    """Return the ssh command line for the host published at `port`."""
    options = ["-o", f'UserKnownHostsFile="{KNOWN_HOSTS}"', "-o", f"ConnectTimeout={CONNECT_SECONDS}"]
    return ["ssh", "-F", "/dev/null", *STRICT, *options, "-i", str(KEY), "-p", str(port), f"{USER}@{LOOPBACK}", *remote]


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
