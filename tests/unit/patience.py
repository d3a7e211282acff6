"""Patience of tests with a busy machine."""

# Seconds after which a busy machine is no reason any more. What hangs in a test hangs for twice as long.
PATIENCE = 30.0
