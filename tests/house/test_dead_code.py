"""What nothing in the tree uses is dead; what only tests use, too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[2]
SEARCHED = ("degrade_bench", "scripts", "benchmarks", "examples")
BY_NAME = re.compile(r"^[\w.]+:(\w+)$")
"""``module:Name``, as registries hold what they import when it is asked for."""

ALIVE = {
    "__getattr__": "Python calls it, for a module",
    "__dir__": "Python calls it, for a module",
    "__init_subclass__": "Python calls it, of a base class",
    "__path__": "Python reads it, of a package",
    "get_code": "Python calls it, of a loader",
    "_repr_html_": "a notebook calls it",
    "_repr_png_": "a notebook calls it",
    "_value_": "enum reads it",
    "points_to_pixels": "matplotlib calls it, of a renderer",
    "draw_image": "matplotlib calls it, of a renderer",
    "unraisablehook": "Python calls it, of sys",
    "excepthook": "Python calls it, of threading",
    "atexit": "weakref reads it, of a finalizer",
    "forward": "torch calls it, of a module",
    "readable": "io asks it, of a file",
    "readinto": "soundfile calls it, of a file",
    "model_config": "pydantic reads it",
    "same_as": "a template reads it",
    "blind_to": "a template reads it",
    "hears_best": "a template reads it",
    "next_in_short": "a template reads it",
    "*_op_num_threads": "onnxruntime reads it, of a session's options",
    "log_severity_level": "onnxruntime reads it, of a session's options",
    "BATCH_SIZE": "musicnn reads it, of its configuration",
    "Simulated*": "a registry imports it by a name that is put together",
    "handle_starttag": "html.parser calls it",
    "do_*": "http.server calls it",
    "log_message": "http.server calls it",
    "Convolved": "an example, which a command names by its file",
    "BandSpread": "an example, which a command names by its file",
    "Sharpness": "an example, which a metric file names",
    "Tremolo": "an example, which a command names by its file",
    "apply": "of a degradation: replays a plan; for users",
    "net_drops": "a frame that `degrade_bench.load` gives; for users",
    "dz_low": "a figure of an expectation's outcome; for users",
    "dz_high": "a figure of an expectation's outcome; for users",
    "blind": "a key of a file of expectations",
    "monotone": "a key of a file of expectations",
    "not_artefact": "a key of a file of expectations",
    "python": "a field of run.json",
    "estimated_seconds": "a field of run.json",
    "window_scores": "a column of the score table",
    "nuisance": "a column of the score table",
    "at_low": "a field whose value becomes a column of an analysis's frame",
    "at_high": "a field whose value becomes a column of an analysis's frame",
    "rows_*": "a field whose value becomes a column of an analysis's frame",
    "planned_drop": "a field whose value becomes a column of an analysis's frame",
    "power_note": "a field whose value becomes a column of an analysis's frame",
}
"""Names, ``*`` for anything, that are used where vulture does not look; and by whom."""

DECORATORS = ("@app.command*", "@app.callback*", "@field_validator*", "@field_serializer*", "@model_validator*")
"""Typer and pydantic call what these stand at."""


def sources() -> list[Path]:
    return [file for name in SEARCHED for file in sorted((ROOT / name).rglob("*.py"))]


def imported_by_name() -> set[str]:
    """What stands in a registry's table: the class need not be named anywhere else."""
    texts = {
        node.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {match[1] for text in texts if (match := BY_NAME.match(text))}


def test_nothing_is_dead():
    search = Vulture(ignore_names=list(ALIVE), ignore_decorators=list(DECORATORS))
    search.scavenge([str(path) for path in sources()])
    alive = imported_by_name()
    dead = [
        f"{item.filename.relative_to(ROOT)}:{item.first_lineno} {item.typ} {item.name}"
        for item in search.get_unused_code(min_confidence=60)
        if item.name not in alive
    ]
    assert not dead, "\n".join(dead)
