"""``run --dry-run`` says what a run will take, and leaves everything as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from degrade_bench.bench import dry_run, resolve_request
from degrade_bench.errors import RunFolderError
from degrade_bench.sweep.config import make_config

COMMAND = ["run", "--degradation", "white_noise,bar_shuffle", "--metric", "loudness,si-sdr", "--levels", "1,5"]


def number(line: str) -> float:
    return float(re.search(r"[\d.]+", line)[0])


def files() -> list[Path]:
    """Everything here but what coverage writes: that of a worker lies where the worker was."""
    return sorted(path for path in Path().rglob("*") if not path.name.startswith(".coverage."))


@pytest.mark.parametrize("workers", [1, 2])
def test_it_says_cells_time_memory_and_disk_and_writes_nothing(call, music, workers):
    before = files()
    code, out, err = call(*COMMAND, "--input", music, "--out", "o", "--workers", workers, "--dry-run")
    assert code == 0
    assert files() == before
    cells, time, memory, disk = out.splitlines()
    assert cells.startswith("cells:  ")
    assert re.fullmatch(r"time: +about \d+ s \(measured on .*\), and what analysis and report take", time)
    assert re.search(rf"\({workers} × [\d.]+ GB", memory)
    assert 0.1 < number(memory) < 4.0 * workers
    assert 0 < number(disk) < 1
    assert disk.endswith(" MB of scores in o, and report, figures and examples")
    assert f"{workers} workers" in err


def test_of_a_run_that_was_begun_it_says_what_is_left(call, music):
    command = [*COMMAND, "--input", music, "--out", "o", "--workers", 1]
    told = call(*command, "--dry-run")[1].splitlines()[0]
    left, total, clips, scores = map(int, re.findall(r"\d+", told))
    assert left == total
    assert scores == 2 * total
    assert call(*command)[0] == 0
    files = {path: path.read_bytes() for path in Path("o").rglob("*") if path.is_file() and path.name != ".lock"}
    done = call(*command, "--dry-run")[1].splitlines()
    assert done[0].startswith(f"cells:  0 of {total}, on 0 clips; 0 scores")
    assert done[1].startswith("time:   none")
    again = call(*command, "--metric", "mr-spectral", "--dry-run")
    assert f"cells:  {total} of {total}, on {clips} clips; {total} scores" in again[1], "a metric more"
    assert {path: path.read_bytes() for path in files} == files
    code, _, err = call(*command, "--seed", 1, "--dry-run")
    assert code == 2, "what a run would refuse is refused"
    assert "o holds" in err or "seed" in err
    thrown = call(*command, "--seed", 1, "--overwrite", "--dry-run")
    assert thrown[0] == 0
    assert thrown[1].startswith(f"cells:  {total} of {total}")
    assert {path: path.read_bytes() for path in files} == files


def test_through_the_api_it_gives_numbers(music, tmp_path):
    options = {"out": tmp_path / "o", "input": str(music), "degradation": "white_noise", "metric": "loudness"}
    resolved = resolve_request(make_config({**options, "workers": 1}))
    told = dry_run(resolved)
    assert not (tmp_path / "o").exists()
    assert told.cells == told.of_cells == told.scores
    assert told.expected.seconds > 0
    assert told.workers == 1
    assert told.memory_bytes == told.worker_bytes > 50e6


def test_a_folder_of_somebody_else_is_refused_as_by_a_run(tmp_path, music):
    (tmp_path / "run.json").write_text("{}")
    options = {"out": tmp_path, "input": str(music), "degradation": "white_noise", "metric": "loudness"}
    with pytest.raises(RunFolderError):
        dry_run(resolve_request(make_config({**options, "workers": 1})))
