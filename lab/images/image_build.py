"""Build an image unless one with the same content is there."""

import io
import os
from collections.abc import Mapping
from types import MappingProxyType

from docker import DockerClient
from docker.errors import ImageNotFound

from lab.base.console import Note
from lab.base.failure import LabError
from lab.base.names import IMAGE_PREFIX
from lab.images import context

LOG_LINES = 30
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def wanted(name: str, base: str, arguments: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the reference under which the image of today's content is or will be.

    Args:
        name: the image.
        base: the id of the image on which it is built.
        arguments: the build arguments of its Dockerfile.
    """
    told = "".join(f" {key}={value}" for key, value in sorted(arguments.items()))
    return f"{IMAGE_PREFIX}/{name}:{context.tag_of(context.files_of(name), base + told)}"


def image_id(client: DockerClient, reference: str) -> str | None:
    """Return the id of a local image, None when it is not there."""
    try:
        return client.images.get(reference).id
    except ImageNotFound:
        return None


def build(
    client: DockerClient, name: str, base: str, note: Note, arguments: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Build image `name` on the image with id `base` and return its reference.

    Raises:
        LabError: the build failed; with the end of its output.
    """
    reference = wanted(name, base, arguments)
    stream = client.api.build(
        fileobj=io.BytesIO(context.tarball(context.files_of(name))),
        custom_context=True,
        tag=reference,
        buildargs={"BASE": base, **arguments} | {key: os.environ[key] for key in PROXY_VARIABLES if key in os.environ},
        rm=True,
        forcerm=True,
        decode=True,
    )
    output: list[str] = []
    for message in stream:
        if "error" in message:
            raise LabError(f"building {name} failed: {message['error']}\n{''.join(output[-LOG_LINES:])}")
        line = str(message.get("stream", ""))
        output.append(line)
        if line.strip():
            note(line.strip().splitlines()[-1])
    return reference
