"""The entry point of `openweir` and `python -m openweir`."""

import sys

from openweir.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
