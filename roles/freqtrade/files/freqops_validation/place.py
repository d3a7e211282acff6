# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a release lies in the container in which Freqtrade reads it, and what a finding is."""

from pathlib import Path
from typing import Any

RELEASE = Path("/freqops/release")
LONGEST = 500
Finding = dict[str, Any]
