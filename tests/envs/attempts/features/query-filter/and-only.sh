# Splits at spaces, knows equality and "and".
cat > tickets/query.py <<'PYTHON'
from tickets.errors import QueryError


def conditions(query):
    found = []
    for word in query.replace(" and ", " ").split():
        field, equals, value = word.partition("=")
        if not equals or not field or not value:
            raise QueryError("not a condition", query.index(word))
        found.append((field, value.strip('"')))
    return found


def search(query, records):
    wanted = conditions(query)
    return [record for record in records if all(str(record.get(field)).lower() == value.lower() for field, value in wanted)]


def fields(query):
    return [field for field, _ in conditions(query)]
PYTHON
