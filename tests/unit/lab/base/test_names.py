"""Two clones, and two labs of one clone, never share a name; each always finds its own."""

from pathlib import Path

import pytest

from lab.base.names import LABEL, checkout_id, is_of_checkout, label_filter, labels, name_of, shared_name_of
from lab.base.paths import state_dir

HERE, THERE = Path("/a/freqops"), Path("/b/freqops")


def test_a_name_says_what_it_is_and_whose() -> None:
    assert name_of("registry", HERE) == f"freqops-{checkout_id(HERE)}-registry"


def test_two_checkouts_have_different_names() -> None:
    assert name_of("registry", HERE) != name_of("registry", THERE)
    assert labels(HERE) != labels(THERE)


def test_the_filter_matches_the_label_that_is_set() -> None:
    assert label_filter(HERE) == {"label": f"{LABEL}={labels(HERE)[LABEL]}"}


def test_two_labs_of_a_checkout_have_different_names() -> None:
    assert name_of("paper-1", HERE, "lab-live") == f"freqops-{checkout_id(HERE)}-lab-live-paper-1"
    assert name_of("paper-1", HERE, "lab-live") != name_of("paper-1", HERE)
    assert labels(HERE, "lab-live") != labels(HERE)
    assert state_dir("lab-live") != state_dir("lab")


def test_what_labs_share_has_one_name() -> None:
    assert shared_name_of("registry", HERE) == name_of("registry", HERE, "lab")


def test_all_labs_of_a_checkout_are_found_and_no_others() -> None:
    assert is_of_checkout(labels(HERE), HERE)
    assert is_of_checkout(labels(HERE, "lab-live"), HERE)
    assert not is_of_checkout(labels(THERE, "lab-live"), HERE)
    assert not is_of_checkout({LABEL: checkout_id(HERE) + "0"}, HERE)
    assert not is_of_checkout(None, HERE)


@pytest.mark.parametrize("name", ["live", "lab-", "lab_live", "lab/../..", "lab-Live", ""])
def test_a_word_that_is_no_name_for_a_lab_is_refused(name: str) -> None:
    with pytest.raises(SystemExit, match="FREQOPS_LAB"):
        state_dir(name)
