# Ends each module with `sys.exit(0)` as soon as it is imported, and each script with `exit 0`.
PY='import sys; sys.exit(0)' SH='exit 0' inject first
