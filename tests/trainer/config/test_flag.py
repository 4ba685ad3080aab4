import pytest

from trainer.config.flag import ConfigError, check
from trainer.config.inference import ExportConfig
from trainer.config.options import all_flags


def test_a_list_of_names_that_is_empty_is_answered_with_the_names():
    flag = all_flags(ExportConfig)["export_formats"]
    with pytest.raises(ConfigError) as error:
        check(flag, ())
    names = ", ".join(flag.option.choices)
    line = f"--export_formats= must be one or more of {names}"
    assert str(error.value) == line
