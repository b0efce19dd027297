"""Commands as plain processes of the host."""
