"""A metric as a program that is started once: a request a line in, an answer a line out, in JSON.

degrade-bench run --suite quick --out out --metric examples/outside/loudest.yaml
"""

import json
import sys

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    scores = []
    for signal in request["signals"]:
        samples = np.fromfile(signal["path"], "<f4").reshape(signal["frames"], signal["channels"])
        scores.append(float(np.abs(samples).max()))
    print(json.dumps({"id": request["id"], "scores": scores}), flush=True)
