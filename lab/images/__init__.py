"""The images of the lab: their contexts, and what builds or pulls them."""
