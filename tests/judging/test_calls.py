import io
import logging
import signal
import sys
import threading
import warnings

import numpy as np
import pytest

from autograder import judge
from autograder.judging import calls
from autograder.judging.exercise import Case, Exercise, Part
from course_lib import activations
from course_lib.batchnorm import BatchNormCache

TWICE = Exercise(
    "twice",
    "lesson",
    lambda x: 2 * x,
    [
        Part("numbers", 1, lambda rng: [Case(np.array([1.0, 2.0]))]),
        Part("more", 1, lambda rng: [Case(np.ones(3))]),
    ],
)


def verdict_of(answer):
    return judge(TWICE, answer, seed=0)


def failure_of(answer):
    return verdict_of(answer).parts[0].failure


def run(function, *args, **kwargs):
    return calls.call(function, args, kwargs, writable=False)


# The deadline -------------------------------------------------------------------------------------


def forever(x):
    while True:
        pass


@pytest.fixture
def short_deadline(monkeypatch):
    monkeypatch.setattr(calls, "DEADLINE_SECONDS", 0.2)


def test_an_answer_that_never_returns_is_ended_and_named(short_deadline):
    verdict = verdict_of(forever)
    assert (verdict.parts[0].failure.kind, verdict.diagnosis, verdict.points) == (
        "timeout",
        "never_returns",
        0,
    )
    assert "did not come back within 0.2 seconds" in verdict.message


def test_except_exception_does_not_swallow_the_deadline(short_deadline):
    def stubborn(x):
        while True:
            try:
                forever(x)
            except Exception:
                continue

    assert failure_of(stubborn).kind == "timeout"


def test_the_alarm_repeats_after_an_answer_swallows_it(short_deadline):
    swallowed = []

    def swallows(x):
        while len(swallowed) < 2:
            try:
                forever(x)
            except:  # noqa: E722
                swallowed.append(1)
                continue
        return np.zeros(2)

    outcome = run(swallows, np.ones(2))
    assert len(swallowed) == 2
    assert isinstance(outcome, calls.Outcome)


def test_no_alarm_is_left_behind(short_deadline):
    before = signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)
    run(forever, 1.0)
    run(abs, 1.0)
    assert (signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_outside_the_main_thread_there_is_no_deadline_and_no_error():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run(abs, -2.0)))
    thread.start()
    thread.join()
    assert outcomes[0].error is None
    assert outcomes[0].value == 2.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the alarm may be raised in a callback
def test_an_exponentially_nested_result_is_a_timeout(short_deadline):
    def bomb(x):
        value = []
        for _ in range(80):
            value = [value, value]
        return value

    assert failure_of(bomb).kind == "timeout"


# Exceptions -----------------------------------------------------------------------------------


def endless(x):
    return endless(x)


def raises(error):
    def answer(x):
        raise error

    return answer


class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class NotTextError(Exception):
    def __str__(self):
        return 42


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (endless, "RecursionError"),
        (raises(SystemExit(0)), "SystemExit"),
        (raises(GeneratorExit()), "GeneratorExit"),
        (raises(MemoryError()), "MemoryError"),
        (raises(StopIteration()), "StopIteration"),
        (raises(BaseException("all of it")), "BaseException"),
        (raises(ExceptionGroup("several", [ValueError("one")])), "ExceptionGroup"),
        (raises(UnprintableError()), "UnprintableError"),
        (raises(NotTextError()), "NotTextError"),
        (lambda x, y: x, "TypeError"),
        (lambda: 1, "TypeError"),
    ],
)
def test_the_raised_exception_is_named(answer, name):
    failure = failure_of(answer)
    assert failure.kind == "raised"
    assert name in failure.message


def test_a_keyboard_interrupt_is_raised_again():
    with pytest.raises(KeyboardInterrupt):
        verdict_of(raises(KeyboardInterrupt()))


def test_the_line_that_raised_is_quoted():
    def divides(x):
        return x / x.size.nothing

    failure = failure_of(divides)
    assert "AttributeError" in failure.message
    assert "return x / x.size.nothing" in failure.message


def test_the_students_own_line_is_quoted_not_the_courses():
    def gradient_check(loss, params, grads, tolerance=1e-6):
        return [loss({"nothing": params["W1"]})]

    failure = judge("gradient_check", gradient_check, seed=0).parts[0].failure
    assert failure.kind == "raised"
    assert "loss({" in failure.message
    assert "np.tanh" not in failure.message


def test_a_long_text_is_cut():
    assert len(failure_of(raises(ValueError("x" * 100_000))).message) < 1000


def test_an_unfinished_answer_is_not_an_error():
    failure = failure_of(raises(NotImplementedError("later")))
    assert failure.kind == "unfinished"
    assert "`twice`" in failure.message


# Output -----------------------------------------------------------------------------------


def test_output_of_an_answer_does_not_reach_the_terminal(capfd):
    early = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("students")
    logger.addHandler(early)
    logger.propagate = False
    lonely = logging.getLogger("lonely")  # without a handler: logging's last resort is stderr
    lonely.propagate = False

    def loud(x):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        logger.warning("to a handler created earlier")
        lonely.error("to the handler of last resort")
        warnings.warn("a warning", UserWarning, stacklevel=1)
        warnings.warn("a numeric one", RuntimeWarning, stacklevel=1)
        return 2 * x

    try:
        verdict = verdict_of(loud)
    finally:
        logger.removeHandler(early)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    for text in ("to stdout", "to stderr", "to a handler created earlier", "to the handler of last resort"):
        assert text in verdict.printed
    assert verdict.parts[0].failure.kind == "warned"


def test_printing_costs_no_points_and_is_reported():
    def talks(x):
        print("here I am")
        return 2 * x

    verdict = verdict_of(talks)
    assert verdict.passed
    assert verdict.printed.startswith("here I am\n")


def test_long_output_is_cut():
    def floods(x):
        print("x" * 1_000_000)
        return 2 * x

    assert len(verdict_of(floods).printed) <= 1000


def test_the_streams_are_restored_after_a_call():
    stdout, stderr = sys.stdout, sys.stderr
    run(lambda: print("a"))
    run(raises(SystemExit(1)), 1.0)
    assert (sys.stdout, sys.stderr) == (stdout, stderr)
    assert "write" not in vars(sys.stderr)


def test_a_stream_with_its_own_write_method_gets_it_back(monkeypatch):
    heard = []
    stream = io.StringIO()
    stream.write = heard.append
    monkeypatch.setattr(sys, "stderr", stream)
    run(lambda: print("inside", file=sys.stderr))
    sys.stderr.write("outside")
    assert heard == ["outside"]


@pytest.mark.parametrize("stream", [None, object()])
def test_a_stderr_that_cannot_be_captured_is_left_as_it_is(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert run(abs, -1.0).value == 1.0
    assert sys.stderr is stream


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_an_answer_that_closes_its_streams_is_still_judged(name):
    def closes(x):
        getattr(sys, name).close()
        return 2 * x

    assert verdict_of(closes).points in (0, 2)
    print("still here", file=getattr(sys, name))


def test_an_answer_that_replaces_its_streams_changes_nothing_outside():
    def replaces(x):
        sys.stdout = sys.stderr = None
        return 2 * x

    stdout, stderr = sys.stdout, sys.stderr
    assert verdict_of(replaces).passed
    assert (sys.stdout, sys.stderr) == (stdout, stderr)


# Side effects ----------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["raise", "ignore", "warn", "print"])
@pytest.mark.parametrize(
    ("answer", "diagnosis"),
    [
        (activations.sigmoid, None),
        (lambda a: 1 / (1 + np.exp(-np.asarray(a, dtype=getattr(a, "dtype", float)) * 1.0)), "numpy_warning"),
        (lambda a: 1 / (1 + np.exp(a)), "sign"),
    ],
)
def test_the_students_floating_point_settings_change_nothing(setting, answer, diagnosis):
    plain = judge("sigmoid", answer, seed=0)
    with np.errstate(all=setting):
        before = np.geterr()
        verdict = judge("sigmoid", answer, seed=0)
        assert np.geterr() == before
    assert verdict == plain
    assert verdict.diagnosis == diagnosis


def test_settings_made_inside_an_answer_are_undone():
    def sets(x):
        np.seterr(all="raise")
        warnings.simplefilter("error")
        return 2 * x

    errors, filters = np.geterr(), list(warnings.filters)
    assert verdict_of(sets).passed
    assert np.geterr() == errors
    assert warnings.filters == filters


def test_a_filter_that_turns_warnings_into_errors_changes_nothing():
    def warns(x):
        np.log(np.zeros(1))
        return 2 * x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert failure_of(warns).kind == "warned"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = run(lambda: np.log(np.zeros(1)))
    assert outcome.warnings == ("divide by zero encountered in log",)


def test_underflow_does_not_warn():
    assert run(lambda: np.exp(np.array([-1000.0]))).warnings == ()


# Arguments ----------------------------------------------------------------------------------------


def test_arguments_are_copies_and_read_only():
    x = np.arange(3.0)

    def keeps(given):
        assert given is not x
        assert not np.shares_memory(given, x)
        return given.flags.writeable

    assert not run(keeps, x).value
    assert calls.call(keeps, (x,), {}, writable=True).value


def test_arrays_inside_lists_and_dicts_are_copied_too():
    W = np.ones(2)

    def changes(arrays, *, params):
        arrays[0] += 1
        params["W"] += 1

    outcome = calls.call(changes, ([W],), {"params": {"W": W}}, writable=True)
    assert outcome.changed == "1"
    np.testing.assert_array_equal(W, [1.0, 1.0])


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda x, params: x.__setitem__(0, -0.0), "1"),
        (lambda x, params: params["W"].__setitem__(0, 5.0), "params"),
        (lambda x, params: params.pop("W"), "params"),
        (lambda x, params: params.update(more=1), "params"),
        (lambda x, params: params.update(W=3.0), "params"),
        (lambda x, params: params.update(W=[1.0, 1.0]), "params"),
        (lambda x, params: params.update(W=None), "params"),
        (lambda x, params: params.update(names=None), "params"),
        (lambda x, params: params["names"].append("c"), "params"),
        (lambda x, params: x.sort(), ""),
        (lambda x, params: params.update(W=params["W"] + 1.0 - 1.0), ""),
    ],
)
def test_a_changed_argument_is_named(change, changed):
    arguments = {"params": {"W": np.ones(2), "names": ["a", "b"]}}
    outcome = calls.call(change, (np.zeros(3),), arguments, writable=True)
    assert outcome.changed == changed


def test_the_order_in_memory_survives_the_copy():
    outcome = run(lambda x: float(x.flags.f_contiguous), np.ones((3, 4)).T)
    assert outcome.value == 1.0


def test_a_generator_is_copied_so_that_every_call_draws_the_same():
    rng = np.random.default_rng(0)
    one, other = (run(lambda r: r.normal(size=3), rng) for _ in range(2))
    np.testing.assert_array_equal(one.value, other.value)
    assert one.changed == ""


# BatchNormCache, the only NamedTuple ---------------------------------------------------------------------------------


def cache_of(x):
    return BatchNormCache(2 * x, np.float64(0.5), x)


CACHES = Exercise(
    "caches",
    "lesson",
    lambda x: (x, cache_of(x)),
    [Part("visible", 1, lambda rng: [Case(np.array([1.0, 2.0]), label="two numbers")])],
    outputs=("y", "cache"),
)


class SubclassedCache(BatchNormCache):
    """A cache with an iterator of its own."""

    def __iter__(self):
        return iter(cache_of(np.array([1.0, 2.0])))


def failure_of_cache(cache):
    return judge(CACHES, lambda x: (x, cache), seed=0).parts[0].failure


def test_a_returned_cache_keeps_its_type_and_gets_plain_entries():
    x = np.array([1.0, 2.0])
    value = calls.plain((x, cache_of(x)))
    assert type(value) is tuple
    assert type(value[1]) is BatchNormCache
    assert [type(entry) for entry in value[1]] == [np.ndarray] * 3
    assert not np.shares_memory(value[1].gamma, x)
    assert judge(CACHES, CACHES.reference, seed=0).passed


def test_unsupported_entries_of_a_cache_are_replaced():
    class Boast(np.ndarray):
        pass

    value = calls.plain(BatchNormCache(np.ones(2).view(Boast), object(), [1.0, None]))
    assert value[0] == calls.UnsupportedValue("Boast")
    assert value[1] == calls.UnsupportedValue("object")
    assert value[2] == [np.array(1.0), None]


@pytest.mark.parametrize("entries", [(), (1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
def test_a_cache_of_another_length_is_unsupported(entries):
    assert calls.plain(tuple.__new__(BatchNormCache, entries)) == calls.UnsupportedValue("BatchNormCache")


def test_patching_the_cache_class_does_not_change_its_entries(monkeypatch):
    cache = BatchNormCache(1.0, 2.0, 3.0)
    monkeypatch.setattr(BatchNormCache, "__iter__", lambda self: iter("abc"))
    monkeypatch.setattr(BatchNormCache, "__len__", lambda self: 0)
    monkeypatch.setattr(BatchNormCache, "__getitem__", lambda self, index: "d")
    monkeypatch.setattr(BatchNormCache, "x_hat", "e")
    monkeypatch.setattr(BatchNormCache, "_fields", ())
    monkeypatch.setattr(BatchNormCache, "__new__", lambda *args: None)
    value = calls.plain(cache)
    assert [float(entry) for entry in tuple.__iter__(value)] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("cache", "text"),
    [
        (tuple(cache_of(np.array([1.0, 2.0]))), "got a tuple of length 3."),
        (list(cache_of(np.array([1.0, 2.0]))), "got a list of length 3."),
        (cache_of(np.array([1.0, 2.0]))._asdict(), "got dict."),
        (SubclassedCache(*cache_of(np.array([1.0, 2.0]))), "got SubclassedCache."),
    ],
)
def test_a_cache_of_another_type_is_named_with_what_it_must_be(cache, text):
    failure = failure_of_cache(cache)
    assert failure.kind == "type"
    assert failure.message == f"`cache` must be a BatchNormCache, made as BatchNormCache(x_hat, inv_std, gamma); {text}"


def test_another_class_with_the_same_name_is_refused():
    class BatchNormCache(tuple):
        pass

    failure = failure_of_cache(BatchNormCache(cache_of(np.array([1.0, 2.0]))))
    assert failure.kind == "type"
    assert failure.message.endswith("got another class of that name than course_lib.batchnorm's.")


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"x_hat": np.array([2.0, 5.0])}, "value", "`x_hat` of `cache`: 1 of 2 entries are wrong, the first at [1]."),
        ({"inv_std": 2.0}, "value", "`inv_std` of `cache` has a wrong value."),
        ({"gamma": np.ones((1, 2))}, "shape", "`gamma` of `cache` must be an array of shape (2,); got shape (1, 2)."),
        ({"gamma": "g"}, "type", "`gamma` of `cache` must be an array of shape (2,); got the text 'g'."),
    ],
)
def test_the_field_of_a_cache_that_is_wrong_is_named(change, kind, text):
    failure = failure_of_cache(cache_of(np.array([1.0, 2.0]))._replace(**change))
    assert (failure.kind, failure.message) == (kind, text)


def test_a_cache_as_argument_keeps_its_type_and_is_read_only():
    cache = cache_of(np.array([1.0, 2.0]))

    def tells(given):
        assert type(given) is BatchNormCache
        assert not np.shares_memory(given.x_hat, cache.x_hat)
        return given.x_hat.flags.writeable or given.gamma.flags.writeable

    outcome = run(tells, cache)
    assert outcome.error is None
    assert not outcome.value
    assert outcome.changed == ""


def test_a_changed_entry_of_a_cache_is_noticed():
    def changes(given):
        given.gamma[0] = 7.0

    cache = cache_of(np.array([1.0, 2.0]))
    outcome = calls.call(changes, (cache,), {}, writable=True)
    assert outcome.changed == "1"
    np.testing.assert_array_equal(cache.gamma, [1.0, 2.0])
