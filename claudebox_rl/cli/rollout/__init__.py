"""`claudebox-rl rollout` and `report`: what is played, its display and its summary."""
