"""The Debian that all built images start from."""

import tempfile
from pathlib import Path

from docker import DockerClient

from lab.base import console
from lab.base.console import Note
from lab.base.failure import LabError
from lab.base.names import IMAGE_PREFIX
from lab.base.paths import STATE_DIR
from lab.base.programs import run
from lab.engine import packages
from lab.images import image_build, mirror, upstream

SUITE = "trixie"
UPSTREAM = "debian:trixie-slim"
OWN = f"{IMAGE_PREFIX}/debian:{SUITE}"


def ensure(client: DockerClient) -> str:
    """Return the id of the base image, made when it is missing."""
    debian = image_build.image_id(client, UPSTREAM) or image_build.image_id(client, OWN) or _get_debian(client)
    reference = image_build.wanted("base", debian)
    found = image_build.image_id(client, reference)
    if found is None:
        with console.step("image base") as note:
            found = image_build.image_id(client, image_build.build(client, "base", debian, note))
    if found is None:
        raise LabError(f"{reference} was built and is not there")
    return found


def _get_debian(client: DockerClient) -> str:
    with console.step("Debian base system") as note:
        found = image_build.image_id(client, _pull_or_bootstrap(client, note))
    if found is None:
        raise LabError("the Debian base system was made and is not there")
    return found


def _pull_or_bootstrap(client: DockerClient, note: Note) -> str:
    if upstream.answers(UPSTREAM):
        return upstream.pull(client, UPSTREAM, note)
    packages.require(["mmdebstrap"], ["mmdebstrap", "debian-archive-keyring"], note)
    source = mirror.find()
    note(f"mmdebstrap from {source}")
    with tempfile.TemporaryDirectory(dir=STATE_DIR) as directory:
        archive = Path(directory) / "debian.tar"
        run(["mmdebstrap", "--quiet", "--variant=minbase", "--components=main", SUITE, str(archive), source])
        note("importing it")
        repository, _, tag = OWN.partition(":")
        client.api.import_image_from_file(str(archive), repository=repository, tag=tag, changes=['CMD ["bash"]'])
    return OWN
