import pytest
import tensorflow as tf

from trainer.storage import tf_errors


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            "{{function_node __wrapped__Next}} /data/a; Input/output error "
            "[Op:IteratorGetNext] name: ",
            "/data/a; Input/output error",
        ),
        ("truncated record at 12 [Op:X]", "truncated record at 12"),
        ("no [Op in it", "no [Op in it"),
    ],
)
def test_a_message_has_no_names_of_operations(message, reason):
    error = tf.errors.DataLossError(None, None, message)
    assert tf_errors.reason(error) == reason


def test_other_errors_are_their_text():
    assert tf_errors.reason(ValueError("no text")) == "no text"
