"""Keys of calls."""


def make_key(args, kwargs):
    """Return a hashable key of a call with hashable arguments.

    Two calls have equal keys exactly if their positional arguments are equal and of the same types, in their order, and the same
    names are given arguments that are equal and of the same types, in any order.
    """
    key = args
    for item in kwargs.items():
        key += item
    return key
