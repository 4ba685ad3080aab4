"""What TensorFlow's errors say, without where in a graph it was."""

import re

_PLACE = re.compile(r"^\{\{.*?\}\}\s*|\s*\[Op:\w+\](\s*name:.*)?$", re.DOTALL)


def reason(error: Exception) -> str:
    """Returns an error's message as people read it.

    Args:
        error: A `tf.errors.OpError`, whose message begins and ends with names
            of operations, or any other.
    """
    return _PLACE.sub("", getattr(error, "message", str(error)))
