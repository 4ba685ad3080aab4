from trainer.config.inference import CALIBRATED_FORMATS, EXPORT_FORMATS
from trainer.serving.formats import FORMATS


def test_the_flags_choices_are_the_rows_of_the_table():
    assert tuple(FORMATS) == EXPORT_FORMATS
    assert set(CALIBRATED_FORMATS) <= set(FORMATS)


def test_no_two_formats_write_one_file():
    assert len({form.file_name for form in FORMATS.values()}) == len(FORMATS)
