"""What a BoxLite micro-VM is made of on the host."""
