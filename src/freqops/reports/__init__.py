"""Pages of runs, drawn by plotly on the control node: one for each run, and one that compares several."""
