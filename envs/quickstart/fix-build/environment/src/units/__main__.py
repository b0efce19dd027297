"""The `units` command."""

import sys

from units import convert
from units._version import VERSION
from units.convert import UnitError


def main(arguments):
    """Run the command and return its exit code."""
    if arguments == ["--version"]:
        print(f"units {VERSION}")
        return 0
    if len(arguments) != 3:
        print("usage: units VALUE FROM TO | --version", file=sys.stderr)
        return 2
    value, source, target = arguments
    try:
        print(f"{convert(float(value), source, target):.10g} {target}")
    except UnitError as error:
        print(f"units: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
