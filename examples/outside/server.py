"""A metric as a server: ``python examples/outside/server.py 8000``, and this while it runs.

degrade-bench run --suite quick --out out --metric http://127.0.0.1:8000/
"""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np

DECLARED = {"name": "roughness", "version": "1", "higher_is_better": False, "sample_rate": 16000}


class Roughness(BaseHTTPRequestHandler):
    def do_GET(self):  # asked once, when a run begins
        self.answer(DECLARED)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        scores = []
        for signal in request["signals"]:
            samples = np.frombuffer(base64.b64decode(signal["data"]), "<f4").reshape(-1, signal["channels"])
            scores.append(float(np.abs(np.diff(samples, axis=0)).mean() / np.abs(samples).mean()))
        self.answer({"scores": scores})

    def answer(self, content):
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):  # no line for every request
        pass


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Roughness).serve_forever()
