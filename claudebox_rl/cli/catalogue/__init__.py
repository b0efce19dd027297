"""`claudebox-rl skills` and `templates`."""
