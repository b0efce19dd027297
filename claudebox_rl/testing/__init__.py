"""What a test of your own needs: an in-memory sandbox, and the conformance suite for sandbox backends."""
