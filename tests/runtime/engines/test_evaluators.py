"""Evaluators of other packages: found by entry point, absent without an error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from guardlet import Bundle
from guardlet.engines import EVALUATORS, open_evaluator
from guardlet.errors import EngineError

GUEST = """
from guardlet.errors import EngineError

class Guest:
    evaluator = "a guest"

def opened(bundle, artifact):
    return Guest()

def needy(bundle, artifact):
    import no_such_package

def broken(bundle, artifact):
    raise EngineError("cannot read the artifact")
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers evaluators for three engines."""
    info = tmp_path / "guests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{EVALUATORS}]\n"
        "fine = evaluators_for_guardlet:opened\n"
        "needy = evaluators_for_guardlet:needy\n"
        "absent = no_such_package:opened\n"
        "broken = evaluators_for_guardlet:broken\n"
    )
    (tmp_path / "evaluators_for_guardlet.py").write_text(GUEST)
    monkeypatch.syspath_prepend(tmp_path)


def test_an_evaluator_is_found_by_the_engine_of_the_artifact(site: None, bundle: Bundle) -> None:
    (artifact,) = bundle.manifest.artifacts
    evaluator = open_evaluator(bundle, replace(artifact, engine="fine"))
    assert evaluator is not None and evaluator.evaluator == "a guest"


@pytest.mark.parametrize("engine", ["needy", "absent", "unheard-of"])
def test_there_is_none_where_a_package_is_missing(site: None, bundle: Bundle, engine: str) -> None:
    (artifact,) = bundle.manifest.artifacts
    assert open_evaluator(bundle, replace(artifact, engine=engine)) is None


def test_a_damaged_artifact_is_an_error_and_not_a_skip(site: None, bundle: Bundle) -> None:
    (artifact,) = bundle.manifest.artifacts
    with pytest.raises(EngineError, match="cannot read"):
        open_evaluator(bundle, replace(artifact, engine="broken"))
