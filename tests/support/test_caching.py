"""The contract of what is remembered, clause by clause."""

from __future__ import annotations

import gc
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from degrade_bench._support.caching import forget, remembered


class Signal:
    """Something that can be asked about."""

    def __init__(self, value: float) -> None:
        self.value = value


@remembered()
def doubled(signal: Signal, offset: float = 0.0) -> np.ndarray:
    return np.array([2 * signal.value + offset])


@remembered(owners="last")
def large(signal: Signal) -> np.ndarray:
    return np.array([signal.value])


class Damage:
    """An object with a remembered method, as degradations have."""

    def __init__(self) -> None:
        self.calls = 0

    @remembered()
    def damage(self, signal: Signal, params: dict) -> np.ndarray:
        self.calls += 1
        if params["x"] < 0:
            raise ValueError("below zero")
        return np.array([signal.value * params["x"]])


def test_an_owner_is_asked_once_and_told_from_its_equal():
    first, second = Signal(1.0), Signal(1.0)
    kept = [doubled(first), doubled(second)]
    assert [float(answer[0]) for answer in kept] == [2.0, 2.0]
    assert doubled(first) is kept[0]
    assert doubled(second) is kept[1]
    assert kept[0] is not kept[1]


def test_objects_are_compared_by_identity_and_params_by_value():
    damage, signal, twin = Damage(), Signal(3.0), Signal(3.0)
    answer = damage.damage(signal, {"x": 2.0, "y": [1, None, "a"]})
    assert damage.damage(signal, {"y": [1, None, "a"], "x": 2.0}) is answer
    assert damage.calls == 1
    damage.damage(twin, {"x": 2.0, "y": [1, None, "a"]})
    assert damage.calls == 2
    damage.damage(twin, {"x": 2.0, "y": [1, None, "b"]})
    assert damage.calls == 3
    assert Damage().damage(signal, {"x": 2.0}) is not Damage().damage(signal, {"x": 2.0})


def test_arguments_by_name_are_part_of_the_question():
    signal = Signal(1.0)
    assert float(doubled(signal, offset=1.0)[0]) == 3.0
    assert float(doubled(signal, offset=2.0)[0]) == 4.0
    assert float(doubled(signal, 5.0)[0]) == 7.0
    assert float(doubled(signal)[0]) == 2.0


def test_one_answer_is_kept_per_owner():
    damage, signal = Damage(), Signal(3.0)
    gone = weakref.ref(damage.damage(signal, {"x": 1.0}))
    assert gone() is not None
    damage.damage(signal, {"x": 2.0})
    gc.collect()
    assert gone() is None
    damage.damage(signal, {"x": 1.0})
    assert damage.calls == 3


def test_one_owner_in_all_where_that_is_asked_for():
    first, second = Signal(1.0), Signal(2.0)
    gone, answer = weakref.ref(large(first)), large(first)
    assert large(first) is answer
    del answer
    kept = large(second)
    gc.collect()
    assert gone() is None
    assert large(second) is kept


def test_owners_and_other_objects_are_not_kept_alive():
    damage, signal = Damage(), Signal(1.0)
    watched = [weakref.ref(signal), weakref.ref(doubled(signal)), weakref.ref(damage)]
    damage.damage(signal, {"x": 1.0})
    del signal
    gc.collect()
    assert [watch() is None for watch in watched] == [True, True, False]
    del damage
    gc.collect()
    assert watched[2]() is None


def test_a_new_object_in_the_place_of_a_dead_one_is_another():
    damage = Damage()
    for k in range(50):  # the interpreter gives the address away again
        assert float(damage.damage(Signal(float(k)), {"x": 1.0})[0]) == k
    assert damage.calls == 50


def test_errors_are_not_remembered_and_forget_nothing():
    damage, signal = Damage(), Signal(1.0)
    answer = damage.damage(signal, {"x": 1.0})
    for _ in range(2):
        with pytest.raises(ValueError, match="below zero"):
            damage.damage(signal, {"x": -1.0})
    assert damage.calls == 3
    assert damage.damage(signal, {"x": 1.0}) is answer


def test_owners_pickle_without_their_answers():
    damage = Damage()
    plain = pickle.dumps(damage)
    damage.damage(Signal(1.0), {"x": 1.0})
    damage.calls = 0
    assert pickle.dumps(damage) == plain
    copied = pickle.loads(plain)
    copied.damage(Signal(1.0), {"x": 1.0})
    assert copied.calls == 1


def test_threads_get_right_answers():
    damage, signals = Damage(), [Signal(float(k)) for k in range(4)]
    cells = [(signals[k % 4], float(k % 3)) for k in range(400)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda cell: float(damage.damage(cell[0], {"x": cell[1]})[0]), cells))
    assert answers == [signal.value * x for signal, x in cells]


def test_answers_are_forgotten_but_those_of_owners_that_are_kept():
    kept, other = Damage(), Damage()
    for damage in (kept, other):
        damage.damage(Signal(1.0), {"x": 1})
    signal = Signal(2.0)
    first = kept.damage(signal, {"x": 3}), other.damage(signal, {"x": 3})
    forget(lambda owner: owner is kept)
    assert kept.damage(signal, {"x": 3}) is first[0]
    assert other.damage(signal, {"x": 3}) is not first[1]
    assert (kept.calls, other.calls) == (2, 3)
