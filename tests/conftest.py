"""Tiny models that several packages' tests share. Nothing heavy is loaded until it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a recipe can name as `model.source`."""
    from tiny_models import save_tiny_bert

    return save_tiny_bert(tmp_path_factory.mktemp("tiny-bert"))


@pytest.fixture(scope="session")
def tiny_guard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guard folder; tests must not alter it."""
    from tiny_models import save_tiny_guard, tiny_classifier

    return save_tiny_guard(tmp_path_factory.mktemp("tiny-guard"), tiny_classifier("mini"))


@pytest.fixture(scope="session")
def tiny_bundle(tiny_guard: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That guard as a bundle of both precisions; tests must not alter it."""
    from guardlet_export.export import export_bundle

    return export_bundle(tiny_guard, tmp_path_factory.mktemp("bundles") / "tiny", ("int8", "fp32"))
