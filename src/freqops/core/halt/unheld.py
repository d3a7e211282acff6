"""The one question that is asked all day, answered without parsing: does nothing hold this bot?

What starts every few seconds, or before every start, would spend most of its time on loading the rules of
`freqops.core.halt.holds`. So only the exact bytes that a file without a hold has on the disk are known here, behind
their checksum. Everything else, another spelling included, is not known to be empty, and those rules decide.
"""

from __future__ import annotations

from .checksum import LENGTH, checked

BEFORE, AFTER = b'{\n  "holds": [],\n  "seq": ', b',\n  "version": 1\n}\n'  # as `durable.as_json` spells it
LONGEST = 20


def unheld(path: str) -> bool:
    """Return whether the file at ``path`` is certainly one without a hold; False where anything is in doubt."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  pathlib takes longer to load than everything else here
            data = checked(stream.read(LENGTH + len(BEFORE) + LONGEST + len(AFTER) + 1))
    except OSError:
        return False
    if data is None:
        return False
    seq = data[len(BEFORE) : -len(AFTER)]
    return data == BEFORE + seq + AFTER and seq.isdigit() and (seq == b"0" or seq[:1] != b"0") and len(seq) <= LONGEST
