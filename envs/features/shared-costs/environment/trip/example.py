"""How it will be used."""

EXPENSES = [
    {"paid": {"anna": 1000}, "equally": ["anna", "ben", "carl"]},
    {"paid": {"ben": 450, "carl": 50}, "percent": {"anna": "50", "ben": "25", "carl": "25"}},
]
