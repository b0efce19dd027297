"""Reading no more of a dataset than is asked for: conditions, parts, row groups, columns, batches."""
