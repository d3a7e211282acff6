# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the pinned image, for ``validate_release.py``: it lies beside that file in every release."""
