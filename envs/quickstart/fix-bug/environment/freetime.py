"""Free time of a meeting room. Times are whole minutes since midnight."""


def free_slots(bookings, opens, closes, shortest=1):
    """Return the free slots of a day as (start, end) pairs, earliest first.

    Two slots never touch or overlap, and every slot lies within the opening hours.

    Args:
        bookings: (start, end) pairs with start < end, in any order; left unchanged. They may overlap, contain each
            other, and lie partly or wholly outside the opening hours.
        opens: Start of the opening hours.
        closes: End of the opening hours, after `opens`.
        shortest: Slots of fewer minutes are left out; at least 1.
    """
    slots = []
    cursor = opens
    for start, end in sorted(bookings):
        if start - cursor >= shortest:
            slots.append((cursor, start))
        cursor = end
    if closes - cursor >= shortest:
        slots.append((cursor, closes))
    return slots
