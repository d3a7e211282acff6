"""Everything that a demo or a test needs instead of the outside world."""
