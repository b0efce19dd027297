"""What is kept of a session on disk: its folder, lock, record, history and samples; found again, listed, removed."""
