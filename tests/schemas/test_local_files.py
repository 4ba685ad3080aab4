import os

import pytest

from schemas import local_files


def walked(folder):
    return sorted(
        os.path.relpath(entry.path, folder)
        for entry in local_files.walk(str(folder))
    )


def test_files_below_are_walked_with_links_followed_once(tmp_path):
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (tmp_path / "away").mkdir()
    (root / "1").write_bytes(b"")
    (root / "a" / "b" / "2").write_bytes(b"")
    (tmp_path / "away" / "3").write_bytes(b"")
    (root / "linked").symlink_to(tmp_path / "away")
    (root / "a" / "up").symlink_to(root)
    (root / "file").symlink_to(tmp_path / "away" / "3")
    (root / "nowhere").symlink_to(tmp_path / "nothing")
    (root / "circle").symlink_to(root / "circle")
    assert walked(root) == [
        "1", "a/b/2", "circle", "file", "linked/3", "nowhere",
    ]  # fmt: skip


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path):
    assert walked(tmp_path / "nowhere") == []


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def fail(path):
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(PermissionError, match="closed"):
        walked(tmp_path)
