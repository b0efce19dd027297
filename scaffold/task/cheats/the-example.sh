# Answers the example of the instruction, and `page` for all else.
# A cheat that knows this task: it must earn no more than doing nothing. Shipped cheats are tried besides.
cat > slugs.py <<'PYTHON'
def slug(text):
    return "hello-world" if "Hello" in text else "page"
PYTHON
