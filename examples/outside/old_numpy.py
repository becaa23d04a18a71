"""A metric whose packages do not go together with those of the bench; ``old_numpy.yaml`` says which it needs.

degrade-bench run --suite quick --out out --metric examples/outside/old_numpy.yaml
"""

import numpy as np


class Sharpness:
    name = "sharpness"
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):  # numpy: (batch, channels, time)
        power = np.square(np.abs(np.fft.rfft(batch.mean(axis=1))))
        hertz = np.fft.rfftfreq(batch.shape[2], 1 / sample_rate)
        return (power * hertz).sum(axis=1) / power.sum(axis=1)
