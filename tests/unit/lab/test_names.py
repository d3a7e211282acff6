"""Two clones never share a name; one clone always finds its own."""

from pathlib import Path

from lab.names import LABEL, checkout_id, label_filter, labels, name_of

HERE, THERE = Path("/a/freqops"), Path("/b/freqops")


def test_a_name_says_what_it_is_and_whose() -> None:
    assert name_of("registry", HERE) == f"freqops-{checkout_id(HERE)}-registry"


def test_two_checkouts_have_different_names() -> None:
    assert name_of("registry", HERE) != name_of("registry", THERE)
    assert labels(HERE) != labels(THERE)


def test_the_filter_matches_the_label_that_is_set() -> None:
    assert label_filter(HERE) == {"label": f"{LABEL}={labels(HERE)[LABEL]}"}
