"""Schedule: the calendar of a control node, its jobs, their records, and the age from which one is too old."""
