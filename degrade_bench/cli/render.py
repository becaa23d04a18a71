"""What ``degrade-bench render`` does: one damaged clip, to listen to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from degrade_bench._support.files import write_text
from degrade_bench._support.numbers import fixed, number, with_unit
from degrade_bench.errors import ConfigError


def render_file(
    name: str,
    level: int,
    source: Path,
    target: Path,
    seed: int,
    replicate: int,
    plan_file: Path | None,
    suite: str | None = None,
    soundfont: Path | None = None,
) -> Iterator[str]:
    """Damage one file; yield lines that say what was done.

    Args:
        name: a degradation, or the placebo of one.
        level: 0 for the clean clip.
        source: the audio or MIDI file to damage.
        target: the audio file to write; its suffix says the format.
        seed: the run seed.
        replicate: which draw.
        plan_file: where the plan goes, as JSON; None for nowhere.
        suite: the suite that ``name`` is from; None for the registry.
        soundfont: what a MIDI file is played on; None for what comes with the package.

    Raises:
        DegradeBenchError: unknown name or level, unreadable input, a target that cannot be written or is the
            source, or a damage that does not apply to this clip.
    """
    from degrade_bench.clip.audio import write_audio
    from degrade_bench.corpus.files import FileSource
    from degrade_bench.degrade.seeds import cell_seed, generator
    from degrade_bench.degrade.suites import find

    check_apart(source, target, plan_file)
    degradation = find(name, suite)
    if level != 0:
        degradation.ladder.strength(level)  # say at once if there is no such level
    clip = FileSource(id=source.stem, path=source, soundfont=soundfont).load()
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key, replicate))
    rendered = degradation.render(clip, level, rng)
    write_audio(target, rendered.clip.samples, rendered.clip.sample_rate)
    if plan_file is not None:
        write_text(plan_file, rendered.plan.to_json() + "\n")
    if level == 0:
        yield f"wrote {target}: the clean clip"
        return
    achieved = degradation.achieved(clip, rendered)
    got = "" if achieved is None else f", achieved {number(achieved, 4)}"
    strength = with_unit(number(degradation.ladder.strength(level)), degradation.ladder.unit)
    gain_db = rendered.plan.gain_db
    yield f"wrote {target}: {name} level {level}, {strength}{got}, gain {fixed(gain_db)} dB"


def check_apart(source: Path, target: Path, plan_file: Path | None) -> None:
    """Raise where what is written would take the place of what is read, or of the other file that is written.

    Args:
        source: the file that is read.
        target: the audio file to write.
        plan_file: where the plan goes, or None.

    Raises:
        ConfigError: two of them are one file, however they are spelled and whatever links lead there.
    """
    if is_same_file(source, target):
        raise ConfigError(f"OUT {target} is the file that is read; choose another name")
    if plan_file is not None and is_same_file(source, plan_file):
        raise ConfigError(f"--plan {plan_file} is the file that is read; choose another name")
    if plan_file is not None and is_same_file(target, plan_file):
        raise ConfigError(f"--plan {plan_file} is the audio file that is written; choose another name")


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would if it were there."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them is not there yet, or cannot be
        return os.path.realpath(one) == os.path.realpath(other)
