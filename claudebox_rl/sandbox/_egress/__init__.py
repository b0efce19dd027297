"""The one way out of a sandbox that has a network: an HTTP proxy of the host that knows the sandbox's policy.

A sandbox's only door to it is a port of its own loopback. Names are resolved here, and only where the policy allows
them, so nothing gets out by DNS; the address that was checked is the one that is dialled.
"""
