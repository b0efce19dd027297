"""The one way out of a sandbox that has a network: an HTTP proxy of the host that knows the sandbox's policy.

A sandbox's only door to it is a port of its own loopback. Names are resolved here, and only where the policy allows
them, so nothing gets out by DNS but to the name servers of allowed names; the address that was checked is the one that
is dialled. Inside TLS it can't look: a host that is allowed and serves others too can be asked for those there.
"""
