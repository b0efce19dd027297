"""`claudebox-rl doctor` and `machines`: what this host and its nodes can do and hold."""
