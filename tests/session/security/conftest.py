"""Makes the probes of sessions importable from the folders below."""
