"""Prints what is read from a command line."""

import json
import sys

from clikit.errors import UsageError
from clikit.parse import parse


def main():
    """Run the program and return its exit code."""
    try:
        result = parse(json.loads(sys.argv[1]), sys.argv[2:])
    except UsageError as error:
        print(f"error: {error}")
        return 0
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    main()
