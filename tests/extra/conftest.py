"""Servers that stand for the clouds' object stores."""

import os

import pytest

_GCS_PORT = 9023
_BUCKET = "scenes"


@pytest.fixture(scope="module")
def gcs_bucket():
    """An empty bucket of an emulator that every process here finds."""
    from gcp_storage_emulator.server import create_server
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    server = create_server(
        "127.0.0.1", _GCS_PORT, in_memory=True, default_bucket=_BUCKET
    )
    server.start()
    os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{_GCS_PORT}"
    client = storage.Client("project", AnonymousCredentials())
    yield client.bucket(_BUCKET)
    server.stop()
    del os.environ["STORAGE_EMULATOR_HOST"]
