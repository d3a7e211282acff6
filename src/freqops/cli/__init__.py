"""The command freqops of the control node."""
