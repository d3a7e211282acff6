"""Programs of runs inside a bot's image: they import what only the image has."""
