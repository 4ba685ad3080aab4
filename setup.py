"""The C extension; pyproject.toml holds everything else."""

import setuptools

setuptools.setup(
    # Without a C compiler Pillow does the same, label maps eight times slower.
    ext_modules=[
        setuptools.Extension(
            "preprocess.records.png_rows",
            ["preprocess/records/png_rows.c"],
            optional=True,
        )
    ],
)
