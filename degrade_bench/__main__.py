"""``python -m degrade_bench``."""

from degrade_bench.cli import main

if __name__ == "__main__":
    main()
