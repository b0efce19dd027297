# expect: 0.0
cat > durations.py <<'PYTHON'
def parse_duration(text):
    raise ValueError(text)


def format_duration(seconds):
    raise ValueError(seconds)
PYTHON
