"""The final state of a session's workspace: seen in its machine, stored elsewhere, and put into another machine."""
