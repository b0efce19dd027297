"""Templates: machines with tools for a kind of work, as recipes that are built into OCI layout folders."""
