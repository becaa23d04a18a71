"""A metric as a command: it prints the level of a WAV file in dB.

degrade-bench run --suite quick --out out --metric 'cmd:python examples/outside/level.py {wav}' \
        --set cmd.name=level --set cmd.higher_is_better=true
"""

import sys

import numpy as np
import soundfile

samples, sample_rate = soundfile.read(sys.argv[1], dtype="float32")
print(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))
