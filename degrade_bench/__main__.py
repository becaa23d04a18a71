"""``python -m degrade_bench``."""

from degrade_bench.cli.app import main

if __name__ == "__main__":
    main()
