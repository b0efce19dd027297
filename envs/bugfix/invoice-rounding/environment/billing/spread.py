"""Spreading a sum over shares."""


def spread(cents, weights):
    """Split cents in proportion to whole weights of 0 or more, as the README says for discounts.

    The weights come in the order in which equal fractions are served.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    shares = [cents * weight // total for weight in weights]
    left = cents - sum(shares)
    for index in range(left):
        shares[index] += 1
    return shares
