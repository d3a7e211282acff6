"""Backup: the dumps that a host makes of its own databases."""
