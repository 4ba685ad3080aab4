import types

import pytest

from trainer.config.flag import ConfigError, check
from trainer.config.inference import MODES, ExportConfig
from trainer.config.options import all_flags


def test_a_list_of_names_that_is_empty_is_answered_with_the_names():
    flag = all_flags(ExportConfig)["export_formats"]
    with pytest.raises(ConfigError) as error:
        check(flag, ())
    names = ", ".join(flag.option.choices)
    line = f"--export_formats= must be one or more of {names}"
    assert str(error.value) == line


@pytest.mark.parametrize("mode", MODES)
def test_a_flag_that_can_be_none_is_read_as_it_is_written(mode):
    for flag in all_flags(MODES[mode]).values():
        if isinstance(flag.hint, types.UnionType):
            assert flag.parse(flag.format(None)) is None
