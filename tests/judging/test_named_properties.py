"""Properties with a name: the answers that each accepts and refuses, and its messages."""

import numpy as np
import pytest

from autograder.judging.exercise import Case, Tried
from autograder.judging.properties import interval_at_zero


@pytest.mark.parametrize("slope", [0.3, 0.5, 1.0])
def test_any_slope_between_those_of_the_two_sides_is_right_at_a_kink(slope):
    assert interval_at_zero(0.3, 1)(np.array([0.3, slope, 1.0]), Tried(Case(), None)).fraction == 1


@pytest.mark.parametrize("slope", [0.29, 1.01, -1.0])
def test_a_slope_outside_the_interval_is_named(slope):
    finding = interval_at_zero(0.3, 1)(np.array([1.0, slope]), Tried(Case(), None))
    assert (finding.fraction, finding.message) == (
        0.0,
        f"At exactly 0 any slope from 0.3 to 1 is right; got {slope:g}.",
    )


def test_a_case_can_hold_an_interval_of_its_own():
    case = Case(context={"low": 1.0, "high": 2.5})
    assert interval_at_zero(0, 1)(np.float64(2.0), Tried(case, None)).fraction == 1
    assert interval_at_zero(0, 1)(np.float64(0.5), Tried(case, None)).fraction == 0
