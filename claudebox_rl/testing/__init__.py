"""What a test of your own needs: a sandbox in memory, recorded episodes, and what sandboxes and rewards must keep."""
