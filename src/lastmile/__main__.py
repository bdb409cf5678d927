"""`python -m lastmile`."""

from lastmile.cli.main import main

if __name__ == "__main__":
    main()
