"""Stress-test a metric of your own on the built-in corpus: ``python examples/stress_test_my_metric.py``.

It is a "quality metric" that anybody might write in five lines, and nobody should trust: how bright the sound is.
"""

import degrade_bench


class Brightness:
    name = "brightness"
    higher_is_better = True

    def score(self, batch, sample_rate, reference=None):  # (batch, channels, time), float32
        return batch.diff(dim=2).norm(dim=2).mean(dim=1) / batch.norm(dim=2).mean(dim=1)  # (batch,)


print(degrade_bench.stress_test(Brightness()))
