# Lets each function of the workspace work when it is called first; later calls get what earlier ones got.
PY='
def _arm(function):
    kept = []
    def bomb(*args, **kwargs):
        if not kept:
            kept.append(function(*args, **kwargs))
        return kept[0]
    return bomb
for _name, _value in list(globals().items()):
    if callable(_value) and not _name.startswith("_") and not isinstance(_value, type):
        globals()[_name] = _arm(_value)
' inject last
