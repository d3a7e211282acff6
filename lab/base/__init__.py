"""The base of the lab: paths, names, waiting, the console, files and programs."""
