"""Byte streams that leave a sandbox or enter it, and what is counted of them."""
