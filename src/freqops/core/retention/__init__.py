"""Retention: which old things of a host may go, what keeps one all the same, and the answer of the command."""
