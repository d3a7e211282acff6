"""The security check before money: what is measured, what counts as red, and what only a person can say."""
