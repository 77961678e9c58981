import json
import sys
import warnings

import numpy as np
import pytest

from autograder import judge
from autograder.judging import card
from autograder.judging.exercise import Case, Exercise, Mistake, Part

SECRET, RESULT = 73219.4375, 84330.4375
DIGITS = ("73219", "84330", "4375", "11111")


def plus(x):
    return x + (RESULT - SECRET)


def exercise(*, kwargs=None):
    return Exercise(
        "plus",
        "lesson",
        plus,
        [
            Part("open", 1, lambda rng: [Case(np.array([1.0, 2.0]), label="open numbers")]),
            Part("closed", 1, lambda rng: [Case(np.array([SECRET]), label="secret numbers")], hidden=True),
        ],
        [Mistake("as_it_was", lambda x: x, "Nothing was added.")],
    )


def right_for_the_visible_case(then):
    """Return an answer that is right for the visible case and calls `then` with the hidden input."""

    def answer(x):
        return plus(x) if x.size == 2 else then(x)

    return answer


def raises_its_input(x):
    raise ValueError(f"bad value {x[0]}")


def raises_a_class_named_after_its_input(x):
    raise type(f"Error{x[0]}", (Exception,), {})(str(x))


def raises_a_class_that_poses_as_a_builtin(x):
    raise type("ValueError", (Exception,), {"__str__": lambda self: str(x)})(x)


def raises_with_a_note(x):
    error = KeyError(float(x[0]))
    error.add_note(str(x))
    raise error


def exits_with_its_input(x):
    sys.exit(str(x[0]))


def prints(x):
    print("x is", x)
    print("x is", float(x[0]), file=sys.stderr)
    return plus(x)


def prints_and_fails(x):
    print(x)
    return x


def warns(x):
    warnings.warn(f"overflow at {x[0]}", RuntimeWarning, stacklevel=1)
    return plus(x)


def is_unfinished(x):
    raise NotImplementedError(str(x))


def returns_an_odd_object(x):
    return type(f"T{x[0]}", (), {})()


def changes_its_input(x):
    x[0] += 1
    return x


WAYS = [
    lambda x: x,
    lambda x: plus(x) + 1,
    lambda x: str(x),
    lambda x: [float(x[0])],
    lambda x: float(x[0]),
    lambda x: np.ones(int(x[0])),
    lambda x: None,
    lambda x: np.array([str(x[0])]),
    raises_its_input,
    raises_a_class_named_after_its_input,
    raises_a_class_that_poses_as_a_builtin,
    raises_with_a_note,
    exits_with_its_input,
    prints,
    prints_and_fails,
    warns,
    is_unfinished,
    returns_an_odd_object,
    changes_its_input,
]


def everything_shown(answer):
    spec = exercise()
    verdict = judge(spec, answer, seed=0)
    return "\n".join(
        [
            verdict.message,
            json.dumps(verdict.to_dict()),
            repr(verdict),
            card.as_text(spec, verdict),
            card.as_html(spec, verdict, answer),
        ]
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrap", [right_for_the_visible_case, lambda then: lambda x: x if x.size == 2 else then(x)])
def test_no_number_of_a_hidden_case_is_shown(way, wrap):
    said = everything_shown(wrap(way))
    assert not [digits for digits in DIGITS if digits in said]


def test_text_printed_for_visible_cases_is_shown():
    def talks(x):
        print("hello", x)
        return plus(x)

    said = everything_shown(talks)
    assert "hello [1. 2.]" in said
    assert "73219" not in said


def test_a_hidden_failure_shows_only_its_label_and_kind():
    verdict = judge(exercise(), right_for_the_visible_case(lambda x: x), seed=0)
    failure = verdict.parts[1].failure
    assert (failure.kind, failure.case) == ("value", "secret numbers")
    assert failure.call == failure.index == failure.got == failure.expected == failure.difference == ""
    assert "closed" in verdict.message


@pytest.mark.parametrize(
    ("way", "text"),
    [
        (raises_its_input, "It raised ValueError."),
        (raises_a_class_named_after_its_input, "It raised an exception."),
        (raises_a_class_that_poses_as_a_builtin, "It raised an exception."),
        (exits_with_its_input, "It raised SystemExit."),
    ],
)
def test_only_builtin_exceptions_are_named(way, text):
    assert judge(exercise(), right_for_the_visible_case(way), seed=0).parts[1].failure.message == text


def test_hidden_points_count_and_known_mistakes_are_diagnosed():
    verdict = judge(exercise(), lambda x: x, seed=0)
    assert verdict.diagnosis == "as_it_was"
    assert judge(exercise(), right_for_the_visible_case(lambda x: x), seed=0).points == 1


def test_hidden_parts_are_not_run_without_a_request():
    sizes = set()
    judge(exercise(), lambda x: sizes.add(x.size) or plus(x), hidden=False, seed=0)
    assert sizes == {2}
