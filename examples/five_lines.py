"""A metric in five lines, and what it hears: ``python examples/five_lines.py``."""

import degrade_bench


def crest(audio):
    return abs(audio).max() / audio.std()


result = degrade_bench.stress_test(crest, higher_is_better=True)
print(result)
