"""Define every exception class of the package.

```
BaseException
├── TooSlowError                 a call of a student's function passed its deadline
└── Exception
    ├── CourseError              the command cannot run here: exit status 2
    ├── SubmissionError          this submission cannot be graded; the class is graded all the same
    ├── RunError                 this submission could not be run to its end
    ├── EndedError               a call ended the process that it ran in
    ├── KernelLostError          a kernel does not answer the judge any more
    ├── ForgedMessageError       a kernel's channel carried a message that is not a kernel's
    ├── WireError                the connection of judge and kernel broke, or carried a malformed message
    ├── StalledError             a time limit passed, but little CPU time was used: the submission is graded once more
    ├── ConfinementError         this machine cannot confine submissions as asked
    ├── RuntimeError
    │   ├── ZygoteError          a zygote could not be started, or did not start a kernel
    │   ├── WorkerDiedError      a worker process ended before its task did
    │   └── UnfitError           a worker cannot do any task
    │       └── OtherVersionError    it has another grader, or another lesson, than the coordinator
    └── ValueError
        ├── CustomExerciseError  a course's own exercise cannot be used as it is
        ├── EditionError         a student edition would contain an answer
        ├── EncodingError        a value has no JSON form, or JSON describes no value
        └── NoCodeError          a value cannot be written as Python code
```

People read the texts of `CourseError`, `SubmissionError` and `RunError` unchanged. This file is copied into the
student edition, as the kernel's side raises some of these exceptions.
"""

from __future__ import annotations


class CourseError(Exception):
    """A command that cannot run here: the text says what is required and what was found. Exit status 2."""


class SubmissionError(Exception):
    """A submission that cannot be graded: the text is the reason, for staff. The other submissions are graded."""


class RunError(Exception):
    """A submission that could not be run to its end: the text is the reason, for staff."""


class TooSlowError(BaseException):
    """A call passed its deadline. Not an `Exception`, so that a student's `except Exception` does not catch it."""


class EndedError(Exception):
    """A call ended the process that it ran in."""


class KernelLostError(Exception):
    """A kernel that does not answer the judge any more: the rest of its submission cannot be judged."""


class ForgedMessageError(Exception):
    """A message on the kernel's channels that no kernel sends."""


class WireError(Exception):
    """A connection of judge and kernel that broke, or carried a malformed message."""


class StalledError(Exception):
    """A limit that was reached without use of its CPU time: the submission sleeps, or the machine is too busy."""


class ConfinementError(Exception):
    """A machine that cannot confine submissions as asked."""


class ZygoteError(RuntimeError):
    """A zygote that could not be started, or that did not start a kernel."""


class WorkerDiedError(RuntimeError):
    """A worker process that ended before its task did; the next task gets a new one."""


class UnfitError(RuntimeError):
    """A worker that cannot do any task; the text is the reason. Other workers have the same problem: the run stops."""


class OtherVersionError(UnfitError):
    """A worker that has another grader, or another lesson, than the coordinator."""


class CustomExerciseError(ValueError):
    """A course's own exercise that cannot be used as it is."""


class EditionError(ValueError):
    """A student edition that would contain an answer."""


class EncodingError(ValueError):
    """A value that has no JSON form here, or JSON that describes no value."""


class NoCodeError(ValueError):
    """A value that cannot be written as Python code."""
