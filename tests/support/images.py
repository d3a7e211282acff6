"""Other images of Freqtrade, made from the lab's own, and of Postgres: another image has another digest."""

from __future__ import annotations

import io

from docker import DockerClient

from lab.base import state
from lab.base.names import name_of
from lab.engine import engine, network
from lab.images import base_image, images_wanted
from lab.services import registry


def variant(name: str, *steps: str) -> str:
    """Make an image from the lab's bot image, publish it, and return how a host names it.

    Args:
        name: What it is called here.
        steps: Lines of a Dockerfile.
    """
    client = engine.connected()
    present = images_wanted.contract(client, "bot", base_image.ensure(client))
    dockerfile = "\n".join([f"FROM {present}", *steps]) + "\n"
    tag = f"{name_of('bot')}-{name}"
    client.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True, forcerm=True)
    return _published(client, tag, "freqtrade")


def postgres(major: int) -> str:
    """Have an image of another major version of Postgres, publish it, and return how a host names it."""
    client = engine.connected()
    return _published(client, images_wanted.postgres(client, base_image.ensure(client), major), "postgres")


def _published(client: DockerClient, image: str, repository: str) -> str:
    net = network.find(client)
    assert net is not None, "the lab is not up"
    digest = registry.publish(client, image, repository, state.load().ports["registry"])
    return registry.reference(net, repository, digest)
