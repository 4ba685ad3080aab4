"""How a command ends: its exit code, and one line where something failed.

What a user can mend is one line.  What he cannot, a fault of this project, is
one line as well; its traceback goes to a file that the line names.
"""

import contextlib
import errno
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence

EXIT_FAILED = 1
EXIT_BAD_FLAGS = 2
EXIT_INTERRUPTED = 130
"""What a shell expects of a command that Ctrl-C ended."""

_PACKAGES = ("preprocess", "schemas", "trainer")
"""Whose ValueErrors are messages to the user; others' are faults."""

_OUT_OF_MEMORY_TYPES = ("MemoryError", "ResourceExhaustedError")
_NO_THREAD = "can't start new thread"
_OUT_OF_MEMORY_WORDS = (
    "RESOURCE_EXHAUSTED",
    "Out of memory",
    "out of memory",
    "OOM when allocating",
    "std::bad_alloc",
    "Cannot allocate memory",
    "failed to map segment",
    _NO_THREAD,
)


class UserError(Exception):
    """Something that the user can mend; the message is one line for him."""


class FlagError(ValueError):
    """A flag is missing, not known, or its value does not fit."""


class Advice:
    """What a command says where it cannot go on.

    No dataclass: a command's first imports have to be short.

    Attributes:
        memory: What lets it do with less memory, as the end of a sentence
            that says so.
        interrupted: What was kept at Ctrl-C, and how to continue.
    """

    def __init__(self, memory: str, interrupted: str):
        """Sets the attributes."""
        self.memory = memory
        self.interrupted = interrupted


def exit_code(body: Callable[[], int | None], advice: Advice) -> int:
    """Runs a command to its end; says in one line why it failed.

    A command's module imports at its top no more than this one, and the rest
    in `body`: imports take a second in which Ctrl-C comes, too.

    Args:
        body: The command; returns its exit code, None for 0.
        advice: What is said to the user.

    Returns:
        `body`'s code; `EXIT_FAILED` for files, data, memory and faults of
        this project; `EXIT_BAD_FLAGS`; `EXIT_INTERRUPTED`.
    """
    interrupts: list[int] = []
    try:
        _set_up_console()
        with _noting_interrupts(interrupts):
            return _flushed(body() or 0)
    except KeyboardInterrupt:
        return fail(f"interrupted; {advice.interrupted}", EXIT_INTERRUPTED)
    except BrokenPipeError:
        _silence_output()  # whoever read it has seen enough
        return EXIT_FAILED
    except FlagError as error:
        return fail(error, EXIT_BAD_FLAGS)
    except Exception as error:
        if interrupts:  # A package has made another error of it.
            return fail(f"interrupted; {advice.interrupted}", EXIT_INTERRUPTED)
        if is_out_of_memory(error):
            memory = f"{_memory_of(error)} ran out; {advice.memory}"
            return fail(memory, EXIT_FAILED)
        if _is_message(error):
            return fail(error, EXIT_FAILED)
        return fail(_report(error), EXIT_FAILED)


def leave(code: int) -> None:
    """Ends the process, after Ctrl-C without waiting for anything.

    Whatever this project had begun is unwound by then.  Python's own end would
    wait for threads and libraries that the interrupt may have left waiting for
    ever.

    Args:
        code: What `exit_code` returned.
    """
    if code != EXIT_INTERRUPTED:
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def fail(message: object, code: int) -> int:
    """Prints an error as one line to stderr and returns the exit code."""
    if sys.stderr:
        with contextlib.suppress(OSError):
            print(f"error: {one_line(message)}", file=sys.stderr, flush=True)
    return code


def flag_file_problem(error: Exception, arguments: Sequence[str]) -> str:
    """Says why a file of flags cannot be read.

    Args:
        error: absl's, or the UnicodeDecodeError that absl lets through.
        arguments: The command line.
    """
    cause = error.__context__
    if isinstance(cause, OSError):
        return f"--flagfile={cause.filename} cannot be read: {cause.strerror}"
    named = [text for text in arguments if text.lstrip("-")[:8] == "flagfile"]
    return (
        f"{' or '.join(named)}, or a file that it names, is no text of flags "
        f"({error}); give a file with one --name=value in each line"
    )


def one_line(text: object) -> str:
    """Makes one line that a terminal shows as it is.

    Args:
        text: An error or whatever else is to be said.

    Returns:
        The text with single spaces; control characters, bidirectional ones
        and undecodable bytes of file names are written as escapes.
    """
    return printable(" ".join(str(text).split()))


def printable(text: str) -> str:
    """Writes whatever is not printable as a backslash escape."""
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable()
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


@contextlib.contextmanager
def _noting_interrupts(numbers: list[int]) -> Iterator[None]:
    """Notes the signals of Ctrl-C in `numbers`, and raises as Python does."""
    previous = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not callable(previous) or not in_main_thread:
        yield
        return

    def note(number: int, frame: types.FrameType | None) -> None:
        numbers.append(number)
        previous(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _set_up_console() -> None:
    """Lets a console of few characters show escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what caused it, is a lack of memory.

    Knows those of Python, NumPy, TensorFlow and XLA without importing them.
    """
    return any(_lacks_memory(part) for part in _causes(error))


def _flushed(code: int) -> int:
    """Writes what print() holds back; returns the code, if that works."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence_output()
        return fail(f"the output could not be written: {error}", EXIT_FAILED)
    return code


def _silence_output() -> None:
    """Lets Python's own flush at the exit succeed."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lacks_memory(error: BaseException) -> bool:
    text = str(error)
    if os.strerror(errno.ENOSPC) in text:
        return False  # TensorFlow says of a full disk, too, what it lacks.
    names = {kind.__name__ for kind in type(error).__mro__}
    if names.intersection(_OUT_OF_MEMORY_TYPES):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return any(words in text for words in _OUT_OF_MEMORY_WORDS)


def _memory_of(error: BaseException) -> str:
    """Says which memory ran out: that of a GPU, if the error names one."""
    text = " ".join(str(part) for part in _causes(error))
    if _NO_THREAD in text:
        return "memory, or the number of threads that ulimit -u allows,"
    return "the GPU's memory" if "GPU" in text else "memory"


def _causes(error: BaseException) -> Iterator[BaseException]:
    part: BaseException | None = error
    for _ in range(20):
        if part is None:
            return
        yield part
        if isinstance(part, OSError):
            return  # It says itself what its cause means: a full disk, say.
        part = part.__cause__ or part.__context__


def _is_message(error: Exception) -> bool:
    """Whether an error was raised to tell the user something."""
    if isinstance(error, OSError | UserError):
        return True
    if not isinstance(error, ValueError):
        return False
    import traceback

    frames = list(traceback.walk_tb(error.__traceback__))
    module = frames[-1][0].f_globals.get("__name__", "") if frames else ""
    return module.partition(".")[0] in _PACKAGES


def _report(error: Exception) -> str:
    """Writes the traceback to a new file; returns the line that names it."""
    import tempfile
    import traceback

    line = f"unexpected {type(error).__name__}: {one_line(error)[:500]}"
    try:
        handle, path = tempfile.mkstemp(".log", "cityscapes-unet-")
        with open(handle, "w", encoding="utf-8", errors="replace") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return f"{line}; please report it"
    return f"{line}; please report it with {path}, which holds the traceback"
