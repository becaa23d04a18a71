"""Ready-made suites: what is in them, how they are put together, and that they run."""

from __future__ import annotations

import json
import threading

import pytest

import degrade_bench
from degrade_bench.bench import resolve_request
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.suites import describe_suites, find, resolve, suite, suite_names
from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.spec import Sweep
from tests.conftest import make_clip
from tests.sweep.toys import Rms, ToyNoise, toy_sources


def test_every_suite_is_listed_with_what_is_in_it():
    listed = describe_suites()
    assert json.loads(json.dumps(listed)) == listed
    by_name = {each["name"]: each for each in listed}
    assert list(by_name) == ["signal", "structural", "control", "quick", "muq-eval-paper", "pmqd", "symbolic"]
    assert list(by_name) == suite_names()
    for each in listed:
        assert each["summary"]
        assert each["degradations"]
        assert len(set(each["degradations"])) == len(each["degradations"])
    groups = [name for group in ("signal", "structural", "control") for name in by_name[group]["degradations"]]
    assert sorted(groups) == sorted(catalogue.names())
    assert by_name["quick"]["levels"] == [1, 3, 5]
    assert set(by_name["quick"]["degradations"]) <= set(catalogue.names())
    assert len(by_name["pmqd"]["degradations"]) == len(by_name["muq-eval-paper"]["degradations"]) == 4


def test_quick_has_both_groups():
    assert {each.group for each in suite("quick").degradations} == {"signal", "structural"}


def test_controls_come_along_and_last_and_everything_is_there_once():
    found = resolve(["quick", "signal"], ["white_noise", "polarity"]).degradations
    names = [each.name for each in found]
    assert len(names) == len(set(names))
    groups = [each.group for each in found]
    assert groups == sorted(groups, key=["signal", "structural", "control"].index)
    assert {each.name for each in suite("control").degradations} <= set(names)


def test_a_suite_says_its_levels_and_asking_wins():
    assert resolve(["quick"]).levels == (1, 3, 5)
    assert resolve(["quick", "signal"]).levels is None
    assert resolve(["quick"], ["low_pass"]).levels is None

    def levels(**options):
        config = make_config({"out": "o", "metric": "loudness", **options})
        resolved = resolve_request(config, sources=toy_sources(1))
        assert resolved.config.levels == resolved.sweep.levels
        return resolved.sweep.levels

    assert levels(suite="quick") == (1, 3, 5)
    assert levels(suite="quick", levels="2") == (2,)
    assert levels(suite="quick,pmqd") == (1, 2, 3, 4, 5)


def test_unknown_suites_say_what_is_near_and_that_files_end_in_yaml():
    with pytest.raises(UnknownNameError, match="did you mean 'quick'"):
        suite("quik")
    with pytest.raises(UnknownNameError, match=r"ends in \.yaml"):
        suite("my_suite")


def test_two_different_degradations_of_one_name_are_refused():
    own = catalogue.get("white_noise").varied(ladder=Ladder((30.0, 25.0, 20.0, 15.0, 10.0), "dB SNR"))
    with pytest.raises(ConfigError, match="two different degradations are called 'white_noise'"):
        resolve(["signal"], objects=[own])
    assert resolve([], objects=[own]).degradations[0] is own

    class White(type(catalogue.get("white_noise"))):
        """The same name, version and ladder, and something else."""

    with pytest.raises(ConfigError, match=r"White of 40, .* dB SNR"):
        resolve(["signal"], objects=[White()])


def test_a_varied_degradation_has_a_placebo_of_its_own_and_leaves_the_first_as_it_was():
    noise = catalogue.get("white_noise")
    assert noise.placebo.name == "white_noise_placebo"
    mine = noise.varied(name="mine", definition={"of": "white_noise"})
    assert mine.placebo.name == "mine_placebo"
    assert mine.placebo.placebo_of == mine.seed_key[0] == "mine"
    assert mine.identity()[-1] == {"of": "white_noise"}
    assert (noise.name, dict(noise.definition)) == ("white_noise", {})


def test_find():
    assert find("white_noise_placebo").placebo_of == "white_noise"
    assert find("pmqd_noise", "pmqd").name == "pmqd_noise"
    assert find("white_noise_placebo", "quick").name == "white_noise_placebo"
    with pytest.raises(UnknownNameError, match="in pmqd"):
        find("white_noise", "pmqd")


def test_what_defines_a_degradation_is_part_of_a_sweeps_identity():
    def identity(definition):
        noise = ToyNoise()
        if definition is not None:
            noise.definition = definition
        return Sweep(toy_sources(1), (noise,), (Rms(),)).identity()

    assert identity(None) == identity({})
    assert identity({"a": 1}) != identity({"a": 2}) != identity(None)


@pytest.mark.usefixtures("report")
def test_suites_of_reproductions_are_run_analysed_and_reported(tmp_path):
    clips = [make_clip(2.0, 44100, 2, seed=seed) for seed in range(3)]
    suites = ("muq-eval-paper", "pmqd")
    result = degrade_bench.stress_test(Rms(), clips=clips, suites=suites, workers=1, out=tmp_path / "out")
    scores = result.scores
    assert result.failed == 0
    placebos = {f"{each.name}_placebo" for each in suite("muq-eval-paper").degradations}
    assert set(scores[scores.role == "placebo"].degradation) == placebos, "PMQD has none"
    tested = scores[scores.role == "test"].groupby("degradation")["level"].nunique().to_dict()
    assert tested == {each.name: len(each.ladder.levels) for name in suites for each in suite(name).degradations}
    assert set(result.analysis.summary.degradation) == set(tested)
    assert (tmp_path / "out" / "report.html").exists()


# -- the API -----------------------------------------------------------------------------------------------


def test_objects_are_stress_tested_beside_names(tmp_path):
    clips = [make_clip(2.0, 8000, 1, seed=seed) for seed in range(2)]
    result = degrade_bench.stress_test(
        Rms(), clips=clips, degradations=[ToyNoise(), "low_pass"], levels=(1,), workers=1, out=tmp_path / "o"
    )
    tested = result.scores[result.scores.role == "test"]
    assert set(tested.degradation) == {"toy_noise", "low_pass"}
    assert result.record["request"]["degradation"] == ["toy_noise", "low_pass"]


class Unpicklable(ToyNoise):
    name = "unpicklable"

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class Nameless(ToyNoise):
    name = ""


class OfNoGroup(ToyNoise):
    group = "noisy"


def test_objects_that_will_not_do_are_refused(tmp_path):
    def refused(*degradations, **options):
        with pytest.raises(ConfigError) as error:
            degrade_bench.stress_test(
                Rms(), clips=[make_clip(2.0, 8000, 1)], degradations=degradations, out=tmp_path / "o", **options
            )
        assert not (tmp_path / "o").exists()
        return str(error.value)

    assert "make an object of the class" in refused(ToyNoise)
    assert "expected a Degradation object" in refused(3)
    assert "needs a name of its own" in refused(Nameless())
    assert "group must be one of" in refused(OfNoGroup())
    assert "cannot be sent to another process" in refused(Unpicklable(), workers=2)
