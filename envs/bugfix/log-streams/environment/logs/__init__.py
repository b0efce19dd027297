"""Reading of logs."""
