"""The ways in which a procedure of freqops ends other than well."""

from __future__ import annotations


class FreqopsError(Exception):
    """Base of every error that freqops raises on purpose; its text is meant for the operator."""


class Refused(FreqopsError):
    """Nothing ran and nothing changed: the request was not safe or not understood."""


class NotProven(FreqopsError):
    """Something was done, or tried, and its effect could not be read back."""
