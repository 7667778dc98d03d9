"""What an arm is trained on, and how its training is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from training_helpers import made_up_rows

from guardlet.errors import OutputError
from guardlet_training.recipe import load_recipe
from guardlet_training.reproduce.arms import SOURCES, arm_recipe, train_arm
from guardlet_training.reproduce.run import load_reproduction
from guardlet_training.reproduce.settings import Reproduction
from guardlet_training.reproduce.tiny import make_tiny
from guardlet_training.rows import write_rows


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Reproduction:
    return load_reproduction(make_tiny(tmp_path_factory.mktemp("tiny")), {}, [])


def data(folder: Path) -> dict[str, list[Path]]:
    """Rows for every source, each in two files."""
    files = {}
    for name in ("d", "eda", "no_prefix", "harmaug"):
        files[name] = [folder / f"{name}-{number}.jsonl" for number in (1, 2)]
        for file in files[name]:
            write_rows(file, made_up_rows(8, seed=len(str(file))))
    return files


@pytest.mark.parametrize("arm", SOURCES)
def test_every_arm_has_d_and_what_is_its_own(job: Reproduction, arm: str, tmp_path: Path) -> None:
    recipe = arm_recipe(job, arm, 7, data(tmp_path), tmp_path / "arms/x")  # type: ignore[arg-type]
    names = [Path(source.path).name for source in recipe.data]
    wanted = ["d"] if arm == "kd" else ["d", "eda" if arm == "eda" else arm]
    assert names == [f"{name}-{number}.jsonl" for name in wanted for number in (1, 2)]
    assert recipe.training.seed == 7
    assert {source.path[:13] for source in recipe.data} == {"recipe:../../"}


def test_a_launcher_is_given_the_recipe(job: Reproduction, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = tmp_path / "launch.py"
    script.write_text(
        f"import pathlib, sys\npathlib.Path({str(heard)!r}).write_text('\\n'.join(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    folder = tmp_path / "arm"
    launcher = f"{sys.executable} {script} --nproc_per_node 2"
    model = train_arm(job, "kd", 1, data(tmp_path), folder, launcher)
    words = heard.read_text(encoding="utf-8").splitlines()
    recipe = folder / "recipe.yaml"
    start = ["--nproc_per_node", "2", "-m", "guardlet", "train"]
    assert words == [*start, str(recipe), "--out", str(model.parent)]
    assert load_recipe(recipe).training.seed == 1
    assert yaml.safe_load(recipe.read_text(encoding="utf-8"))["name"] == "harmaug-kd"


@pytest.mark.parametrize(("launcher", "message"), [("false", "status 1"), ("no-such-x", "start")])
def test_a_launcher_that_fails_is_an_error(
    job: Reproduction, tmp_path: Path, launcher: str, message: str
) -> None:
    with pytest.raises(OutputError, match=message):
        train_arm(job, "kd", 1, data(tmp_path), tmp_path / "arm", launcher)
