"""The work of a timer of the calendar: one playbook, run by ansible-runner, and its result written down."""
