"""What ``degrade-bench render`` does: one damaged clip, to listen to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from degrade_bench._support.files import write_text


def render_file(
    name: str,
    level: int,
    source: Path,
    target: Path,
    seed: int,
    replicate: int,
    plan_file: Path | None,
    suite: str | None = None,
) -> Iterator[str]:
    """Damage one file; yield lines that say what was done.

    Args:
        name: a degradation, or the placebo of one.
        level: 0 for the clean clip.
        source: the audio file to damage.
        target: the audio file to write; its suffix says the format.
        seed: the run seed.
        replicate: which draw.
        plan_file: where the plan goes, as JSON; None for nowhere.
        suite: the suite that ``name`` is from; None for the registry.

    Raises:
        DegradeBenchError: unknown name or level, unreadable input, a target that cannot be written, or a
            damage that does not apply to this clip.
    """
    from degrade_bench.clip.audio import write_audio
    from degrade_bench.corpus.files import FileSource
    from degrade_bench.degrade.seeds import cell_seed, generator
    from degrade_bench.degrade.suites import find

    degradation = find(name, suite)
    if level != 0:
        degradation.ladder.strength(level)  # say at once if there is no such level
    clip = FileSource(id=source.stem, path=source).load()
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key, replicate))
    rendered = degradation.render(clip, level, rng)
    write_audio(target, rendered.clip.samples, rendered.clip.sample_rate)
    if plan_file is not None:
        write_text(plan_file, rendered.plan.to_json() + "\n")
    if level == 0:
        yield f"wrote {target}: the clean clip"
        return
    achieved = degradation.achieved(clip, rendered)
    got = "" if achieved is None else f", achieved {achieved:.4g}"
    strength, unit = degradation.ladder.strength(level), degradation.ladder.unit
    gain_db = rendered.plan.gain_db
    yield f"wrote {target}: {name} level {level}, {strength:g} {unit}{got}, gain {gain_db:+.2f} dB"
