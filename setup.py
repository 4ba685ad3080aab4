"""The package that Dataflow workers install, with extras for the rest."""

import setuptools

setuptools.setup(
    name="cityscapes-unet",
    version="0.1.0",
    description="Cityscapes to TFRecords by Beam, TFRecords to a U-Net",
    license="Apache-2.0",
    packages=setuptools.find_packages(
        include=["preprocess*", "schemas*", "trainer*"]
    ),
    package_data={
        "preprocess.output": ["card_template.html"],
        "schemas": ["example.proto"],
    },
    # Without a C compiler Pillow does the same, label maps eight times slower.
    ext_modules=[
        setuptools.Extension(
            "preprocess.records.png_rows",
            ["preprocess/records/png_rows.c"],
            optional=True,
        )
    ],
    python_requires=">=3.11,<3.14",
    # What a Beam worker needs, and nothing else: TensorFlow is an extra.
    install_requires=[
        "absl-py>=2.1",
        "apache-beam>=2.77,<2.78",
        "google-crc32c>=1.5",
        "numpy>=2,<2.5",
        "pillow>=12.1.1,<13",
        "protobuf>=6.31.1,<7",
        "zlib-ng>=1,<2",
    ],
    extras_require={
        "trainer": [
            "keras>=3.15,<3.16",
            "tensorboard>=2.20",
            "tensorflow>=2.21,<2.22",
        ],
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        # The rest is what --setup_file packs the project with.
        "gcp": ["apache-beam[gcp]", "build", "setuptools>=77"],
        "aws": ["apache-beam[aws]"],
        "dask": ["apache-beam[dask]"],
        "jax": ["jax>=0.10"],
        "export": ["onnx", "tf2onnx"],
        "test": [
            "build",
            "cityscapesScripts",
            "hypothesis",
            "onnx",
            "onnxruntime",
            "pytest",
            "pytest-xdist",
            "ruff",
            "tf2onnx",
        ],
    },
)
