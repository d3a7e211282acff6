"""What a host measures of its own security."""
