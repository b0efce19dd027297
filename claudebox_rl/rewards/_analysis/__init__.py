"""Analysers of source text: each in a process of its own, over copies; none imports or runs what it reads."""
