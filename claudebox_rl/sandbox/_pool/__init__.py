"""What the warm pool is made of."""
