"""Fixtures: a tiny bundle in a session folder, parts of it, and a copy a test may break."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from runtime_helpers import RULES, tiny_vectors, tokenizer_json, write_tiny

from guardlet import Bundle, Encoder, Guard

# No test asserts a time, and neither may hypothesis on a busy machine.
settings.register_profile("timeless", deadline=None)
settings.load_profile("timeless")


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid bundle; tests must not alter it."""
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_tiny(folder)
    return folder


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return Bundle.open(bundle_folder)


@pytest.fixture(scope="session")
def proven_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with golden vectors; tests must not alter it."""
    folder = tmp_path_factory.mktemp("bundles") / "proven"
    write_tiny(folder, vectors=tiny_vectors())
    return folder


@pytest.fixture(scope="session")
def guard(bundle: Bundle) -> Guard:
    return Guard.load(bundle, threads=1)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(tokenizer_json(), RULES)


@pytest.fixture
def broken(bundle_folder: Path, tmp_path: Path) -> Path:
    """A private copy of the bundle."""
    return Path(shutil.copytree(bundle_folder, tmp_path / "broken"))
