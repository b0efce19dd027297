"""Security policies: what a session may do, and who holds it to that (docs/security.md)."""
