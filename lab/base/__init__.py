"""What all of the lab stands on: paths, names, waiting, the console, files and programs."""
