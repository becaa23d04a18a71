"""Looking more than once: what each look may use up of α, and that no more of it is used than there is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.judge import judged
from degrade_bench.analysis.looks import (
    LOOKS,
    ONCE,
    Looks,
    Shown,
    over_looks,
    planned_recordings,
    spent,
    told,
)
from tests.analysis.made import made

OPTIONS = AnalysisOptions(resamples=200, positive_control=False)
THIRDS = (1 / 3, 2 / 3, 1.0)


def of(*sizes: int) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(f"clip{place}" for place in range(size)) for size in sizes)


def test_what_is_used_up_is_what_lan_and_demets_say():
    """Two-sided 5 %, five looks (Lan and DeMets 1983): the spending function at 1/5 to 1, to four places."""
    used = [
        2 * (1 - scipy.stats.norm.cdf(scipy.stats.norm.ppf(0.975) / math.sqrt(share / 5))) for share in range(1, 6)
    ]
    assert [spent(share / 5, 0.05) for share in range(1, 6)] == pytest.approx(used)
    assert used == pytest.approx([0.0000117, 0.00194, 0.0114, 0.0284, 0.05], rel=0.02)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("shares", [(1.0,), THIRDS, (0.2, 0.25, 0.9, 1.0)])
def test_the_looks_share_the_level_and_the_last_has_most(shares, alpha):
    weights = Looks(shares).weights(alpha)
    assert sum(weights) == pytest.approx(1)
    assert all(weight > 0 for weight in weights)
    assert Looks(shares, of(*range(1, len(shares) + 1))).share(alpha) == weights[-1]
    assert ONCE.share(alpha) == 1


def test_looks_at_a_random_walk_err_as_rarely_as_stated_and_unplanned_ones_do_not():
    rng = np.random.Generator(np.random.Philox(key=1))
    looks, runs = 9, 20_000
    walks = np.cumsum(rng.standard_normal((runs, looks)), axis=1) / np.sqrt(np.arange(1, looks + 1))
    p = scipy.stats.norm.sf(walks)
    weights = np.array(Looks(tuple((number + 1) / looks for number in range(looks))).weights(0.05))
    planned, naive = ((values < 0.05).any(axis=1).mean() for values in (p / weights, p))
    assert 0.02 < planned < 0.03  # the levels sum to 5 %, and the looks hang together
    assert naive > 0.12


@pytest.mark.parametrize(
    ("most", "looks", "expected"),
    [(60, 3, (20, 40, 60)), (24, 3, (14, 19, 24)), (10, 3, (10,)), (1, 5, (1,)), (14, 2, (14,)), (100, 1, (100,))],
)
def test_looks_are_evenly_spread_and_the_first_can_conclude(most, looks, expected):
    assert planned_recordings(most, looks) == expected


def shown(claims: Claims, recordings: int = 60, levels: tuple[int, ...] = (1, 3, 5), share: float = 0.3) -> Shown:
    return Shown({"a": claims}, {"a": recordings}, {"a": levels}, share)


LAST = Claims(p_sensitive=0.9, p_alike=0.5, p_alike_family=0.6, p_inverted=0.8, passed_over="level 5")
BEFORE = Claims(p_sensitive=0.01, p_alike=0.001, p_alike_family=0.002, p_inverted=0.03, first_level=4)


def test_what_a_look_has_shown_stays_shown():
    claims = over_looks([shown(BEFORE), shown(LAST)], OPTIONS)["a"]
    assert (claims.p_sensitive, claims.p_alike, claims.p_alike_family, claims.p_inverted) == (
        0.01,
        0.001,
        0.002,
        0.03,
    )
    assert (claims.first_level, claims.passed_over) == (4, "level 5")
    assert claims.shown_at["p_sensitive"] == 1
    assert math.isnan(claims.p_artefact)
    assert "p_artefact" not in claims.shown_at
    assert over_looks([shown(LAST, share=1)], OPTIONS) == {"a": LAST}


@pytest.mark.parametrize(("share", "least"), [(1.0, 14), (0.3, 19), (0.0138, 33)])
def test_few_recordings_exclude_nothing_at_the_level_of_their_look(share, least):
    """A look of so small a level has to miss an effect in a fifth of the recordings as rarely as that."""
    for recordings, counts in ((least - 1, False), (least, True)):
        claims = over_looks([shown(BEFORE, recordings, share=share), shown(LAST)], OPTIONS)["a"]
        assert claims.p_alike == (0.001 if counts else 0.5)
        assert claims.p_sensitive == 0.01
        alone = over_looks([shown(BEFORE, recordings, share=share)], OPTIONS)["a"]
        assert math.isnan(alone.p_alike) == (not counts and share < 1)


def test_an_early_look_without_a_level_has_shown_nothing_of_every_level_or_of_the_top():
    without_top = over_looks([shown(BEFORE, levels=(1, 3)), shown(LAST)], OPTIONS)["a"]
    assert (without_top.p_alike, without_top.p_inverted, without_top.first_level) == (0.5, 0.8, None)
    assert without_top.p_sensitive == 0.01
    without_another = over_looks([shown(BEFORE, levels=(3, 5)), shown(LAST)], OPTIONS)["a"]
    assert (without_another.p_alike, without_another.p_inverted) == (0.5, 0.03)
    with_more = over_looks([shown(BEFORE, levels=(1, 2, 3, 5)), shown(LAST)], OPTIONS)["a"]
    assert (with_more.p_alike, with_more.p_inverted) == (0.001, 0.03)


def test_a_level_that_came_late_is_not_called_blind_by_an_early_look():
    rng = np.random.Generator(np.random.Philox(key=4))
    values = 0.05 * rng.standard_normal((60, 5))
    values[:, 4] = 3 * rng.standard_normal(60)
    values[8:20, 4] = np.nan
    drops = made(3 + rng.standard_normal(60), {"damage": values}, {"control": 0.5 * rng.standard_normal(60)})
    looks = Looks((1 / 3, 1.0), (frozenset(drops.clips[:20]), frozenset(drops.clips)))
    assert judged(drops, OPTIONS).rulings["damage"].verdict == "inconclusive"
    assert judged(drops, OPTIONS, looks=looks).rulings["damage"].verdict == "inconclusive"


def test_a_claim_of_several_looks_is_its_best_over_its_share():
    rng = np.random.Generator(np.random.Philox(key=2))
    noise = 0.3 * rng.standard_normal((60, 2, 5))
    drops = made(
        3 + rng.standard_normal(60),
        {"heard": 0.9 + noise[:, 0], "deaf": noise[:, 1]},
        {"control": 0.3 * rng.standard_normal(60)},
    )
    clips = tuple(frozenset(drops.clips[drops.track < count]) for count in (20, 40, 60))
    looks = Looks(THIRDS, clips)
    alone = [judged(drops.of_clips(drops.track < count), OPTIONS).claims for count in (20, 40, 60)]
    together = judged(drops, OPTIONS, looks=looks).claims
    weights = looks.weights(OPTIONS.alpha)
    for name in ("heard", "deaf"):
        for claim in ("p_sensitive", "p_alike", "p_real"):
            values = [getattr(claims[name], claim) / weight for claims, weight in zip(alone, weights, strict=True)]
            values = values[claim == "p_alike" :]  # 20 recordings are too few at the level of the first look
            assert getattr(together[name], claim) == pytest.approx(min(1, *values))
    first = judged(drops.of_clips(drops.track < 20), OPTIONS, looks=replace(looks, clips=clips[:1])).claims
    assert first["heard"].p_sensitive == pytest.approx(min(1, alone[0]["heard"].p_sensitive / weights[0]))
    once = judged(drops, OPTIONS, looks=Looks((1.0,), clips[2:])).claims
    assert repr(once) == repr(judged(drops, OPTIONS).claims)


def test_a_look_at_too_few_recordings_has_shown_nothing():
    rng = np.random.Generator(np.random.Philox(key=3))
    drops = made(rng.standard_normal(20), {"heard": 5 + rng.standard_normal((20, 5))}, {"control": np.zeros(20)})
    for clips in (frozenset(), frozenset({"unknown"}), frozenset(drops.clips[:5])):
        claims = judged(drops, OPTIONS, looks=Looks((0.5, 1.0), (clips, frozenset(drops.clips)))).claims["heard"]
        alone = judged(drops, OPTIONS).claims["heard"]
        weight = Looks((0.5, 1.0)).weights(OPTIONS.alpha)[1]
        assert claims.p_real == pytest.approx(min(1, alone.p_real / weight))


def test_a_look_at_next_to_nothing_has_next_to_no_level():
    looks = Looks((1e-9, 1.0), of(1, 2))
    assert 0 < looks.share(0.05, 0) < 1e-300
    assert looks.share(0.05) == 1


def test_what_has_to_stand_beside_a_verdict():
    assert ONCE.words(OPTIONS) == Looks((1.0,), of(20)).words(OPTIONS) == ""
    assert Looks(THIRDS, of(20, 40)).words(OPTIONS) == "look 2 of 3 planned"
    assert "rules 1 correct nothing" in Looks(THIRDS, of(20)).words(replace(OPTIONS, rules=1))
    assert "without a plan, at 8 and 16 clips" in Looks(unplanned=(8, 16)).words(OPTIONS)


def test_the_looks_are_told():
    frame = LOOKS.rows(Looks(THIRDS, of(20, 40)).rows(OPTIONS, 40))
    assert frame["taken"].tolist() == [True, True, False]
    assert frame["clips"].tolist() == [20, 40, 0]
    assert frame["alpha"].sum() == pytest.approx(OPTIONS.alpha)
    assert told(frame) == [
        "The scores were looked at 2 of 3 planned times: at 20 clips (α = 0.00069) and 40 clips (α = 0.016)."
    ]
    (text,) = told(LOOKS.rows(Looks(unplanned=(8,)).rows(OPTIONS, 16)))
    assert "at 8 clips: they err more often" in text
    assert told(LOOKS.rows(ONCE.rows(OPTIONS, 16))) == []
