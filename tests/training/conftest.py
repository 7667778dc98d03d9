"""A tiny model that cannot be used; the usable ones are in tests/conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import save_tiny_bert


@pytest.fixture(scope="session")
def tiny_relu_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with an activation that cannot be transplanted."""
    return save_tiny_bert(tmp_path_factory.mktemp("tiny-relu-bert"), activation="relu")
