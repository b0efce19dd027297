"""The final state of a workspace as it is stored: a diff, and what no diff holds as blobs."""
