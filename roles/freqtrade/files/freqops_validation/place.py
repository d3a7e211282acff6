# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release lies in the container in which Freqtrade reads it, and what a finding is."""

from pathlib import Path
from typing import Any

RELEASE = Path("/freqops/release")
DATA = Path("/tmp")  # noqa: S108  user_data_dir: the container's own, with the files that a strategy reads mounted in it
LONGEST = 500
Finding = dict[str, Any]
