"""``python -m simran`` is the same program as ``simran``."""

from simran.cli import main

if __name__ == "__main__":
    main()
