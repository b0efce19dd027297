"""What can answer an agent's model calls, one file each; made by name with `claudebox_rl.gateway.make_upstream`."""
