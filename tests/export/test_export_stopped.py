"""Exports that end early: by a signal, or because the disk takes no more."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from guardlet.errors import BundleWriteError
from guardlet_export.command import cleaning_up_when_terminated
from guardlet_export.export import export_bundle

pytestmark = pytest.mark.slow
resource = pytest.importorskip("resource")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The disk refuses to let a file grow beyond `size` bytes: a real error of a real write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("precision", ["fp32", "coreml-fp32"])
def test_a_disk_that_takes_no_more(tiny_guard: Path, tmp_path: Path, precision: str) -> None:
    with files_of_at_most(20_000), pytest.raises(BundleWriteError) as caught:
        export_bundle(tiny_guard, tmp_path / "out", (precision,))
    assert "nothing was left" in str(caught.value) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_terminated_export_leaves_nothing(tiny_guard: Path, tmp_path: Path) -> None:
    def terminates(items: Iterable[Any], description: str, total: int) -> Iterator[Any]:
        for item in items:
            yield item
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught, cleaning_up_when_terminated():
        export_bundle(tiny_guard, tmp_path / "out", track=terminates)
    assert caught.value.code == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == before
