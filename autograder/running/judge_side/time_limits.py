"""Limits of time that do not depend on how busy the machine is.

A submission is charged for the time in which its processes run or sleep. The time in which they wait for a processor,
or for the judge, is not charged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from autograder.errors import StalledError

# A submission whose processes want to run all the time, and get no processor, is given up after this many limits.
WALL_TIMES = 30


@dataclass(frozen=True)
class Look:
    """One look at the processes of a submission.

    Attributes
    ----------
    cpu : float
        Seconds of CPU time that they have used so far, all together.
    wants_cpu : bool
        Whether one of them runs, or waits for a processor or a disk.
    """

    cpu: float
    wants_cpu: bool


Usage = Callable[[], Look]  # looks at the processes of one submission


class TimeLimit:
    """A limit on the time that a submission takes for one thing, such as a cell or a call.

    Between two looks, processes that want a processor are charged the CPU time that they got, and processes that all
    sleep are charged the time that passed. Nothing is charged twice, and never more than passed on the clock: several
    processes at once are charged like one.

    Parameters
    ----------
    seconds : float
    usage : callable
        Returns a `Look`.
    clock : callable
        Returns seconds.
    """

    def __init__(self, seconds: float, usage: Usage, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._usage, self._clock = seconds, usage, clock
        self._interval = min(0.5, seconds / 20)  # of looks
        self._start = self._last = clock()
        self._excused = 0.0
        self._look: Look | None = None
        self._cpu = self._slept = 0.0

    @property
    def used(self) -> float:
        """Seconds charged so far.

        What ended before the first look is charged the time that passed: a look at every quick call would take longer
        than the call.
        """
        return min(self._interval, self._clock() - self._start) + self._cpu + self._slept

    def until_next_look(self) -> float:
        """Look if it is time to, and return the seconds until the next look.

        Raises
        ------
        TimeoutError
            If the CPU time is used up.
        StalledError
            If the time is used up, but not the CPU time.
        """
        now = self._clock()
        if (left := self._last + self._interval - now) > 0:
            return left
        look, passed = self._usage(), now - self._last
        if self._look is not None:
            cpu = max(0.0, min(passed, look.cpu - self._look.cpu))
            # A judge that got no processor itself looks late, and has not seen what there was to receive.
            self._slept += 0.0 if look.wants_cpu else max(0.0, min(passed, self._interval) - cpu)
            self._cpu += cpu
        self._look, self._last = look, now
        if self._cpu >= self._seconds:
            raise TimeoutError
        if self._cpu + self._slept >= self._seconds:
            raise StalledError(f"it slept for most of {self._seconds:g} seconds")
        if now - self._start - self._excused >= WALL_TIMES * self._seconds:
            raise StalledError(f"it got too little of a processor in {WALL_TIMES * self._seconds:g} seconds")
        return self._interval

    def excuse(self, seconds: float) -> None:
        """Leave out seconds that just passed without the submission: the judge worked in them."""
        self._excused += seconds
        self._last = self._clock()
