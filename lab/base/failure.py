"""The one exception whose text is meant for the person at the terminal."""


class LabError(Exception):
    """The lab cannot go on; the message says why and what to do."""
