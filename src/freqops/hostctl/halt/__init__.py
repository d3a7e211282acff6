"""The halt at its three levels, its proof, its rehearsal, and its end."""
