"""The judge of test_chaos.py, judged: what a zone may hold after requests of which some ended in nobody knows what."""

import pytest

from history import DONE, UNDONE, UNKNOWN, History, Rotation


def history_of(*steps, kind=History, **initial):
    """Steps are (begin, end, fate, values), by the clock of the test."""
    history = kind("host", **initial)
    for begin, end, fate, values in steps:
        operation = history.begin("step", **values)
        operation.begin, operation.end, operation.fate = begin, end, fate
    return history


@pytest.mark.parametrize("steps, may_hold, may_not", [
    ([], ["old"], ["x", None]),
    ([(1, 2, DONE, "x")], ["x"], ["old", None]),
    ([(1, 2, DONE, "x"), (3, 4, DONE, "y")], ["y"], ["x", "old"]),
    ([(1, 3, DONE, "x"), (2, 4, DONE, "y")], ["x", "y"], ["old"]),
    ([(1, 2, UNKNOWN, "x")], ["x", "old"], ["y"]),
    ([(1, 2, UNKNOWN, "x"), (3, 4, DONE, "y")], ["y"], ["x", "old"]),
    ([(1, 2, DONE, "x"), (3, 4, UNKNOWN, "y"), (5, 6, UNKNOWN, "z")], ["x", "y", "z"], ["old"]),
    ([(1, 2, DONE, "x"), (3, 4, UNDONE, "y")], ["x"], ["y"]),
    ([(1, 4, UNKNOWN, "x"), (2, 3, DONE, "y")], ["x", "y"], ["old"]),
    ([(1, 2, DONE, "x"), (3, 4, DONE, "y"), (5, 6, UNDONE, "x")], ["y"], ["x"]),
])
def test_a_register(steps, may_hold, may_not):
    history = history_of(*((*when, {"A": value}) for *when, value in steps), A="old")
    assert not any(history.faults({"A": value}) for value in may_hold)
    assert all(history.faults({"A": value}) for value in may_not)


def test_what_is_read_early():
    """What begins after that settles nothing yet."""
    history = history_of((1, 2, DONE, {"A": "x"}), (3, 5, DONE, {"A": "y"}), A="old")
    assert not history.faults({"A": "x"}, begin=4) and not history.faults({"A": "y"}, begin=4)
    assert history.faults({"A": "x"}, begin=6) and history.faults({"A": "old"}, begin=4)


@pytest.mark.parametrize("fate, later, held, is_good", [
    (UNKNOWN, {}, ("x", "X"), True), (UNKNOWN, {}, ("old", "OLD"), True), (UNKNOWN, {}, ("x", "OLD"), False),
    (UNKNOWN, {}, ("old", "X"), False), (DONE, {"A": "y"}, ("y", "X"), True), (DONE, {"A": "y"}, ("y", "OLD"), False),
    (UNKNOWN, {"A": "y"}, ("y", "OLD"), True), (UNKNOWN, {"A": "y", "AAAA": "Y"}, ("y", "X"), False),
])
def test_what_goes_together(fate, later, held, is_good):
    steps = [(1, 2, fate, {"A": "x", "AAAA": "X"}), *([(3, 4, DONE, later)] if later else [])]
    history = history_of(*steps, A="old", AAAA="OLD")
    assert (not history.faults(dict(zip(("A", "AAAA"), held)))) == is_good


def test_what_nobody_asked_for():
    assert history_of(A="old").faults({"A": "old", "AAAA": "X"})


@pytest.mark.parametrize("steps, held, is_good", [
    ([DONE, DONE, DONE], (1, 2), True), ([DONE, DONE, DONE], (0, 1, 2), True), ([DONE, DONE, DONE], (0, 2), False),
    ([DONE, UNKNOWN, DONE], (2,), True), ([DONE, UNKNOWN], (0,), True), ([DONE, UNKNOWN], (), False),
    ([DONE, UNDONE, DONE], (2,), False), ([DONE, UNDONE], (0, 1), False), ([DONE, DONE, UNKNOWN, UNKNOWN], (), True),
])
def test_the_two_newest_strings(steps, held, is_good):
    history = history_of(*((number, number + 0.5, fate, {f"s{number}": True}) for number, fate in enumerate(steps)),
                         kind=Rotation)
    assert (not history.faults({f"s{number}": True for number in held})) == is_good
    assert history.faults({f"s{number}": True for number in (*held, 9)})
