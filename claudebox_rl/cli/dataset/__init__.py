"""What reads a dataset: `claudebox-rl show` and `export`."""
