"""The table's arms: the same student on other data."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import yaml

from guardlet.errors import OutputError
from guardlet.files import write_text
from guardlet_training.mix import RECIPE_PREFIX
from guardlet_training.recipe import Recipe, Source, recipe_dict
from guardlet_training.reproduce.settings import TITLES, Arm, Reproduction
from guardlet_training.train import MODEL_FOLDER, train

SOURCES: Mapping[Arm, Sequence[str]] = {
    "kd": ("d",),
    "eda": ("d", "eda"),
    "no_prefix": ("d", "no_prefix"),
    "harmaug": ("d", "harmaug"),
}
"""Of each arm, the labelled data it is trained on: the human-seeded half D, and one more."""
_WHY = {
    "d": "the human-seeded half, labelled by the teacher",
    "eda": "its rows with words swapped, moved, left out and added (arXiv 1901.11196)",
    "no_prefix": "invented instructions and answers to them, the generator's turn not begun for it",
    "harmaug": "invented instructions, each refused, answered and left without a response",
}


def train_arm(
    job: Reproduction,
    arm: Arm,
    seed: int,
    data: Mapping[str, Sequence[Path]],
    folder: Path,
    launcher: str | None = None,
) -> Path:
    """Trains the student on the arm's rows in `folder` and returns the model's folder, at once
    when it is there already. `launcher` is how the training is started on several processes, for
    example `torchrun --nproc_per_node 8`; None trains in this one.

    Raises RecipeError and DataError, and OutputError when the launched training fails.
    """
    model = folder / "run" / MODEL_FOLDER
    if (model / "guard.json").is_file():  # written last
        return model
    recipe = folder / "recipe.yaml"
    tree = recipe_dict(arm_recipe(job, arm, seed, data, folder))
    write_text(recipe, yaml.safe_dump(tree, sort_keys=False))
    if launcher is None:
        with redirect_stdout(sys.stderr):  # where the launched one's goes too
            return train(recipe, folder / "run")
    words = [*shlex.split(launcher), "-m", "guardlet", "train", recipe, "--out", folder / "run"]
    try:
        done = subprocess.run([str(word) for word in words], stdout=sys.stderr).returncode
    except OSError as error:
        raise OutputError(f"cannot start {words[0]}: {error.strerror}") from None
    if done != 0:
        raise OutputError(f"the training of {arm}, seed {seed}, ended with status {done}")
    return model


def arm_recipe(
    job: Reproduction, arm: Arm, seed: int, data: Mapping[str, Sequence[Path]], folder: Path
) -> Recipe:
    """The recipe of `guardlet train`, with paths relative to `folder`, its home."""
    return Recipe(
        name=f"harmaug-{arm.replace('_', '-')}",
        version="1.0.0",
        license=job.data.license,
        description=f"{TITLES[arm]}, as in arXiv 2410.01524.",
        model=job.student.model,
        input=job.student.input,
        training=replace(job.student.training, seed=seed),
        data=[
            Source(
                path=RECIPE_PREFIX + os.path.relpath(file, folder),
                home=job.data.source if name == "d" else job.generate.model,
                why=_WHY[name],
                license=job.data.license if name in ("d", "eda") else "unstated",
            )
            for name in SOURCES[arm]
            for file in data[name]
        ],
    )
