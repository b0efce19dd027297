"""What the `llm` policy is made of."""
