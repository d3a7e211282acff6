"""What befalls all bots of a host at once, and what a halt at each level says of it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from tests.support.sick_hosts import with_an_engine_that_hangs

Rows = Future[list[dict[str, Any]]]


def test_with_an_engine_that_hangs() -> None:
    first, second, third = with_an_engine_that_hangs()
    assert (first["verdict"], first["state"]) == ("HALTED, EXCHANGE NOT PROVEN", "paused"), first
    assert first["acknowledged"], first
    assert (second["verdict"], second["left"]) == ("FLAT NOT PROVEN", []), second
    assert "the witness was not started" in "\n".join(second["detail"])
    assert (third["verdict"], third["state"]) == ("HALTED, EXCHANGE NOT PROVEN", "no process"), third
    assert "killed directly" in "\n".join(third["detail"])


def test_with_a_database_that_hangs(paper: dict[str, Rows]) -> None:
    first, second, third = paper["slow database"].result()
    assert all(row["latched"] for row in (first, second, third))
    assert (first["verdict"], first["proven"]) == ("NOT PROVEN", False), first
    assert (second["verdict"], second["proven"]) == ("NOT PROVEN", False), second
    assert (third["verdict"], third["state"]) == ("HALTED, PROVEN", "no process"), third


def test_with_a_database_that_is_down(paper: dict[str, Rows]) -> None:
    first, second, third = paper["lost database"].result()
    assert (first["verdict"], first["latched"]) == ("HALTED, PROVEN", True), first
    assert "starts paused" in "\n".join(first["detail"])
    assert (second["verdict"], second["proven"]) == ("FLAT NOT PROVEN", False), second
    assert "its records were not read" in "\n".join(second["detail"])
    assert (third["verdict"], third["state"]) == ("HALTED, PROVEN", "no process"), third
