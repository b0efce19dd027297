"""What is written down of a model call: the answer, its place in the episode's graph, tokens, times and dollars."""
