# Integers alone, by divmod.
cat > shares.py <<'PYTHON'
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
    if not all(isinstance(weight, int) and weight >= 0 for weight in weights) or not sum(weights):
        raise ValueError("no such weights")
    whole = sum(weights)
    shares = [divmod(abs(cents) * weight, whole) for weight in weights]
    missing = abs(cents) - sum(part for part, _ in shares)
    order = sorted(range(len(weights)), key=lambda at: (-shares[at][1], at))
    up = set(order[:missing])
    parts = [part + (at in up) for at, (part, _) in enumerate(shares)]
    return parts if cents >= 0 else [-part for part in parts]
PYTHON
