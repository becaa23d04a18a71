"""A metric behind an address on this machine: what is posted, what comes back, and what goes wrong on the way."""

from __future__ import annotations

import array
import base64
import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from degrade_bench._support.interrupts import never_a_row
from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside import http

SAYS = {"name": "served", "higher_is_better": True, "version": "7", "sample_rate": 8000, "greeting": "hello"}


class Server(ThreadingHTTPServer):
    """Answers with the sum of the samples; the first sample says in which way."""

    says: object = SAYS
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._send(200, self.server.says)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        heard = []
        for sent in request["signals"] + request.get("references", []):
            samples = array.array("f")
            samples.frombytes(base64.b64decode(sent["data"]))
            assert len(samples) == sent["frames"] * sent["channels"]
            heard.append(samples)
        mood = int(heard[0][0])
        if mood == 2:
            return self._send(503, {"error": "no room\nleft"})
        if mood == 3:
            return self.send_error(404)
        if mood == 4:
            time.sleep(1.0)
        if mood == 5:
            return self._send(200, [1, 2])
        if mood == 6:
            return self._send(200, {"not_applicable": "too short"})
        if mood == 7:
            return self.connection.close()
        if mood == 8:
            return self._send(302, {}, Location="http://192.0.2.1/")
        if mood == 9:
            return self._send(200, {"scores": [0], "filler": "x" * (1 << 17)})
        self._send(200, {"scores": [sum(samples) for samples in heard][: len(request["signals"])]})

    def _send(self, status, content, **headers):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with Server(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        made.shutdown()


@pytest.fixture
def metric(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    monkeypatch.setattr(http, "WAIT_SECONDS", 0.3)
    return load_metric_apart(f"http://127.0.0.1:{server.server_port}/score", {}, "cpu", 0.6)


def signals(mood=0):
    batch = torch.linspace(-1, 1, 200).reshape(2, 2, 50).clone()
    batch[0, 0, 0] = mood
    return batch


def test_it_says_what_it_is_and_its_scores_are_those_of_the_samples(metric, server):
    assert (metric.name, metric.version, metric.sample_rate) == ("served", "7", 8000)
    assert "code" not in metric.fingerprint_parts(), "its version stands for it"
    batch = signals()
    expected = pytest.approx(batch.double().sum(dim=(1, 2)).tolist(), abs=1e-4)
    assert metric.score(batch, 8000).tolist() == expected
    assert metric.score(batch, 8000, batch).tolist() == expected


def test_one_that_says_nothing_has_to_be_declared(server, monkeypatch):
    monkeypatch.setattr(server, "says", "ready")
    url = f"http://127.0.0.1:{server.server_port}/deep/quality"
    with pytest.raises(ConfigError, match=r"does not say higher_is_better.*--set http.higher_is_better=…"):
        load_metric_apart(url, {}, "cpu", 5.0)
    metric = load_metric_apart(url, {"higher_is_better": False}, "cpu", 5.0)
    assert (metric.name, metric.fingerprint_parts()["code"]) == ("quality", "unknown")
    monkeypatch.setattr(server, "says", {**SAYS, "sample_rate": "fast"})
    with pytest.raises(ConfigError, match=r"it says sample_rate is 'fast', expected a whole number of Hz"):
        load_metric_apart(url, {}, "cpu", 5.0)


REFUSED = [
    (2, ForeignMetricError, r"^it answered 503 Service Unavailable: no room left$"),
    (3, ForeignMetricError, r"^it answered 404 Not Found: "),
    (5, ForeignMetricError, r"^its answer is no JSON object$"),
    (6, NotApplicableError, r"^too short$"),
    (7, MetricDiedError, r"^it does not speak HTTP: RemoteDisconnected|^the connection failed"),
    (8, ForeignMetricError, r"^it answered 302 Found"),
    (9, ForeignMetricError, r"^its answer is longer than 0 MB$"),
    (4, MetricDiedError, r"^it did not answer within 0.6 s$"),
]


@pytest.mark.parametrize(("mood", "kind", "text"), REFUSED)
def test_what_goes_wrong_is_an_error_in_one_sentence(metric, mood, kind, text, monkeypatch):
    monkeypatch.setattr(http, "MOST_BYTES", 1 << 16)
    with pytest.raises(kind, match=text):
        metric.score(signals(mood), 8000)


def test_an_interruption_is_heard_while_it_is_waited_for(metric):
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), never_a_row():
        metric.score(signals(4), 8000)
    assert time.monotonic() - started < 0.5, "the server takes a second"


def test_one_that_is_not_there_is_waited_for_a_little(metric, monkeypatch):
    with Server(("127.0.0.1", 0), Handler) as nobody:
        port = nobody.server_port
    with pytest.raises(MetricError, match=r"cannot be reached: the connection failed: Connection refused"):
        load_metric_apart(f"http://127.0.0.1:{port}", {}, "cpu", 5.0)
    monkeypatch.setattr(http, "WAIT_SECONDS", 10.0)
    made = []

    def start():
        time.sleep(0.3)
        made.append(Server(("127.0.0.1", port), Handler))
        made[0].handle_request()

    thread = threading.Thread(target=start)
    thread.start()
    late = load_metric_apart(f"http://127.0.0.1:{port}", {"name": "late"}, "cpu", 5.0)
    thread.join()
    made[0].server_close()
    assert late.version == "7"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://", "expected an address such as"),
        ("http:///score", "expected an address such as"),
        ("http://a:b/", "expected an address such as"),
        ("http://127.0.0.1/a b", "expected an address such as"),
        ("https://me:secret@127.0.0.1/", "credentials do not belong in an address"),
    ],
)
def test_what_is_no_address_is_refused(url, text):
    with pytest.raises(ConfigError, match=text):
        load_metric_apart(url, {"higher_is_better": True}, "cpu", 1.0)
