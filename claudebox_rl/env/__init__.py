"""ClaudeBoxes as Gymnasium environments."""
