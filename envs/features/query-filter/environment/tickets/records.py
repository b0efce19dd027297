"""Some tickets."""

TICKETS = [
    {"id": 1, "title": "Login fails", "status": "open", "votes": 12, "tags": ["auth", "bug"], "closed": False},
    {"id": 2, "title": "Dark mode", "status": "Open", "votes": 3, "tags": [], "owner": None},
]
