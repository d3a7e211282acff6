# SPDX-License-Identifier: GPL-3.0-or-later
"""What LevelsStrategy imports; this file makes it a package, so that no other of its name is taken."""
