import matplotlib.pyplot as plt
import pytest

from course_lib.experiments import experiment


@pytest.fixture(autouse=True)
def agg():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def unfinished_sigmoid(a):
    raise NotImplementedError


def divides(a):
    return a / 0


def test_an_unfinished_function_is_named_and_later_code_runs(capsys):
    with experiment():
        unfinished_sigmoid(1.0)
    print("later")
    out, err = capsys.readouterr()
    first, last = out.splitlines()
    assert "`unfinished_sigmoid`" in first
    assert last == "later"
    assert err == ""


def test_the_innermost_unfinished_function_is_the_one_named(capsys):
    def derivative(a):
        return unfinished_sigmoid(a) ** 2

    with experiment():
        derivative(1.0)
    out = capsys.readouterr().out
    assert "unfinished_sigmoid" in out
    assert "derivative" not in out


def test_another_exception_is_reported_with_place_name_and_text_in_one_line(capsys):
    with experiment():
        divides(1)
    out, err = capsys.readouterr()
    assert "`divides`: ZeroDivisionError: division by zero" in out.splitlines()[0]
    assert "Traceback" not in out
    assert err == ""


def test_a_message_of_many_lines_is_printed_in_one_line(capsys):
    with experiment():
        raise ValueError("first\nsecond\nthird")
    assert len(capsys.readouterr().out.splitlines()) == 2  # the problem, and what to do


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_exceptions_that_stop_the_program_are_not_suppressed(stop, capsys):
    with pytest.raises(stop), experiment():
        raise stop
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("problem", [NotImplementedError, RuntimeError])
def test_unfinished_figures_are_closed(problem):
    with experiment():
        plt.figure()
        raise problem
    assert plt.get_fignums() == []


def test_a_finished_experiment_keeps_its_figures_and_prints_nothing(capsys):
    with experiment():
        plt.figure()
    assert len(plt.get_fignums()) == 1
    assert capsys.readouterr().out == ""


def test_names_bound_inside_the_block_exist_afterwards():
    with experiment():
        value = 3
    assert value == 3
