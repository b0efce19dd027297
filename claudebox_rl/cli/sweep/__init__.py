"""`claudebox-rl sweep`: jobs by their overrides, their progress and their table."""
