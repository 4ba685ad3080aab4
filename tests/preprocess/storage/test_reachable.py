import socket
import threading
import time

import pytest

from preprocess.errors import ConversionError
from preprocess.storage import reachable

PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


def test_a_server_that_answers_is_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reachable.check("gs://bucket", f"http://127.0.0.1:{port}")


def test_one_that_refuses_is_named_with_what_needs_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(
        ConversionError,
        match=r"^gs://bucket needs 127\.0\.0\.1, which cannot be reached: ",
    ):
        reachable.check("gs://bucket", f"http://127.0.0.1:{port}")


def test_one_that_never_answers_takes_no_longer_than_the_limit(monkeypatch):
    end = threading.Event()

    def hang(*_, **__):
        end.wait(60)
        raise OSError

    monkeypatch.setattr(reachable, "_SECONDS", 0.1)
    monkeypatch.setattr(socket, "create_connection", hang)
    begin = time.monotonic()
    with pytest.raises(ConversionError, match="no answer within 0 s"):
        reachable.check("gs://bucket", "https://silent.example")
    assert time.monotonic() - begin < 10
    end.set()


def test_an_emulator_or_a_local_path_needs_no_network(monkeypatch):
    monkeypatch.setattr(reachable, "check", None)
    reachable.check_path("/data")
    reachable.check_path("s3://bucket/data")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://localhost:9023")
    reachable.check_path("gs://bucket/data")
