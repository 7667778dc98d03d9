"""Scans on a Ray cluster of two workers, started here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from folders import contents
from runtime_helpers import write_tiny
from scan_helpers import job, mixed_rows, save, scanned

from guardlet.errors import BundleError, EngineError
from guardlet.scan import run_scan

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra")


@needs_ray
@pytest.mark.slow
def test_ray_gives_the_same_files(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(200))
    scanned(bundle_folder, tmp_path / "local", data)
    scanned(bundle_folder, tmp_path / "ray", data, workers=2, engine="ray")
    assert contents(tmp_path / "local") == contents(tmp_path / "ray")

    write_tiny(tmp_path / "bundle")
    asked = job(tmp_path / "bundle", data, workers=1, engine="ray")
    write_tiny(tmp_path / "bundle", swap=True, version="2.0.0")
    with pytest.raises((BundleError, EngineError), match=r"another bundle|Ray failed"):
        run_scan(asked, tmp_path / "failed")


def test_without_ray_it_says_what_to_install(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    data = save(tmp_path / "a.jsonl", mixed_rows(5))
    with pytest.raises(EngineError, match=r'pip install "guardlet\[ray\]"'):
        run_scan(job(bundle_folder, data, engine="ray"), tmp_path / "out")
