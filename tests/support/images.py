"""Other images of Freqtrade, made from the lab's own: a change of the image is a change of its digest."""

from __future__ import annotations

import io

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
    net = network.find(client)
    assert net is not None, "the lab is not up"
    digest = registry.publish(client, tag, "freqtrade", state.load().ports["registry"])
    return registry.reference(net, "freqtrade", digest)
