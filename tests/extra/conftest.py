"""Servers that stand for the clouds' object stores."""

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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{_GCS_PORT}")
        client = storage.Client("project", AnonymousCredentials())
        yield client.bucket(_BUCKET)
    server.stop()


@pytest.fixture(scope="module")
def s3_bucket():
    """An empty bucket of moto's server that every process here finds."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        bucket = boto3.resource("s3").create_bucket(Bucket=_BUCKET)
        yield bucket
    server.stop()
