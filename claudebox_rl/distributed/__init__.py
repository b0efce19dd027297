"""Ray: actors that own sessions, and the runner that plays many episodes on them."""
