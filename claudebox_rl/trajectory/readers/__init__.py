"""A dataset in the hands of other libraries, one a file; none is imported before it is asked for."""
