"""A metric as a command: it prints the level of every WAV file in dB, a line each.

degrade-bench run --suite quick --out out --metric 'cmd:python examples/outside/level.py {wavs}' \
        --set cmd.name=level --set cmd.higher_is_better=true
"""

import sys

import numpy as np
import soundfile

for path in sys.argv[1:]:
    samples, sample_rate = soundfile.read(path, dtype="float32")
    print(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))
