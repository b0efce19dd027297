"""`claudebox-rl sessions`."""
