"""The supervisor inside a local sandbox: process 1, started by bwrap with the host's bare Python (`-I -S`).

Inside, only the standard library and this package are there; its parents are namespace packages, so that its modules
have the same names as on the host. It serves one connection to the host and ends with it. The host trusts nothing that
it says once a command has run.
"""
