"""Lab hosts: which there are, how they boot, and the way into them."""
