"""The command line: `claudebox-rl`."""
