"""`python -m lastmile`, and the command `lastmile`."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit; an interrupt may come while it is still being imported."""
    try:
        from lastmile.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before anything was begun\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
