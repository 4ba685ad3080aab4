"""Fuzzes the properties of tests/fuzz/ guided by code coverage.

python -m tests.extra.programs.fuzz_atheris [-runs=20000]

Each property runs in a process of its own, since libFuzzer ends it.
"""

import importlib
import subprocess
import sys

PROPERTIES = {
    "test_pictures_of_a_source_are_converted_or_bad": "test_pictures",
    "test_every_name_is_a_frame_or_a_problem_once": "test_names",
    "test_a_manifest_is_read_as_it_says_or_refused": "test_manifests",
    "test_an_example_is_decoded_or_refused": "test_records",
    "test_a_record_file_is_read_or_named_corrupt": "test_records",
    "test_a_zip_is_read_or_refused": "test_records",
}
"""Each with its module."""


def fuzz(name: str, options: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["preprocess", "schemas"]):
        module = importlib.import_module(f"tests.fuzz.{PROPERTIES[name]}")
    test = getattr(module, name).hypothesis.fuzz_one_input
    atheris.Setup([name, *options], test)
    atheris.Fuzz()


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in PROPERTIES:
        fuzz(sys.argv[1], sys.argv[2:])
    options = sys.argv[1:] or ["-runs=20000"]
    failed = [
        name
        for name in PROPERTIES
        if subprocess.run(
            [sys.executable, "-m", __spec__.name, name, *options]
        ).returncode
    ]
    print(f"{len(PROPERTIES)} properties, {len(failed)} failed", *failed)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
