"""Limit the time of a submission, independent of the load of the machine.

A submission is charged for the time in which its processes run or sleep. The time in which they wait for a processor,
or for the judge, is not charged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from autograder.errors import StalledError

# A submission whose processes get too little of a processor stalls when the wall time is this many times the limit.
WALL_TIMES = 30


@dataclass(frozen=True)
class Look:
    """One measurement of the processes of a submission.

    Attributes
    ----------
    cpu : float
        Seconds of CPU time that all of them together have used so far.
    wants_cpu : bool
        Whether one of them runs, or waits for a processor or a disk.
    """

    cpu: float
    wants_cpu: bool


Usage = Callable[[], Look]  # measures the processes of one submission


class TimeLimit:
    """A limit on the time that a submission takes for one action, such as a cell or a call.

    Between two measurements, processes that want a processor are charged their CPU time. If all processes sleep, they
    are charged the wall time. The charge is never more than the wall time, even if several processes run at once.

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
        self._interval = min(0.5, seconds / 20)  # seconds between measurements
        self._start = self._last = clock()
        self._excused = 0.0
        self._look: Look | None = None
        self._cpu = self._slept = 0.0

    @property
    def used(self) -> float:
        """Return the seconds charged so far.

        An action that ended before the first measurement is charged the wall time: measuring every fast call would take
        longer than the call.
        """
        return min(self._interval, self._clock() - self._start) + self._cpu + self._slept

    def until_next_look(self) -> float:
        """Measure if it is time to, and return the seconds until the next measurement.

        It does not wait.

        Raises
        ------
        TimeoutError
            If the CPU time is used up.
        StalledError
            If CPU time and sleep together reach the limit, or the wall time reaches 30 times the limit.
        """
        now = self._clock()
        if (left := self._last + self._interval - now) > 0:
            return left
        look, passed = self._usage(), now - self._last
        if self._look is not None:
            cpu = max(0.0, min(passed, look.cpu - self._look.cpu))
            # On a busy machine the judge measures late, and the submission may have slept only because the judge had
            # not answered. So no more than one interval of sleep is charged.
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
        """Exclude seconds that have just passed from the charge, as the judge worked in them and not the submission."""
        self._excused += seconds
        self._last = self._clock()
