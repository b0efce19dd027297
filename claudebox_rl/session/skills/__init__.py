"""Skills: what a session is given beyond its root, installed once and told to Claude in the CLI's own format."""
