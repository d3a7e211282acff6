"""Schedule: the calendar of a control node, what its jobs may be, what they left behind, and when one is too old."""
