"""`guardlet reproduce harmaug`: from one recipe to the paper's table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from guardlet.errors import DataError
from guardlet.files import write_text
from guardlet.jobs import job_folder
from guardlet_training.metrics import Metrics
from guardlet_training.recipe import load_settings
from guardlet_training.records import HUB_PREFIX
from guardlet_training.reproduce import stages
from guardlet_training.reproduce.arms import SOURCES, train_arm
from guardlet_training.reproduce.paper import ANSWERED
from guardlet_training.reproduce.scores import Scored, measure
from guardlet_training.reproduce.seed_data import seed_rows
from guardlet_training.reproduce.sets import SETS, load_set
from guardlet_training.reproduce.settings import TITLES, Reproduction
from guardlet_training.reproduce.stages import Where
from guardlet_training.reproduce.table import as_data, markdown, summarise
from guardlet_training.rows import Row, load_rows, write_rows

Say = Callable[[str], None]
TABLE, FIGURES = "table.md", "table.json"


@dataclass(frozen=True)
class Run:
    """How a reproduction is run, which changes nothing in its figures. `launcher` starts trainings,
    see `train_arm`; `say` is told what is being done, and `miscounted` of a set that has other
    counts than the paper's, which is an error where it is None. `warning` heads the table."""

    where: Where = field(default_factory=Where)
    launcher: str | None = None
    miscounted: Say | None = None
    warning: str = ""
    say: Say = lambda _: None


def load_reproduction(
    path: Path, sets: Mapping[str, str], overrides: Sequence[str]
) -> Reproduction:
    """The recipe, with `sets` in place of its own. Raises RecipeError, and DataError for a set that
    is not one of the paper's."""
    job = load_settings(path, Reproduction, list(overrides))
    own = {name: source and _beside(path, source) for name, source in job.sets.items()}
    wanted = {**own, **sets}
    unknown = sorted(wanted.keys() - SETS.keys())
    if unknown:
        raise DataError(f"no set is called {', '.join(unknown)}; there are {', '.join(SETS)}")
    data = replace(job.data, source=_beside(path, job.data.source))
    synonyms = job.eda.synonyms and _beside(path, job.eda.synonyms)
    return replace(job, sets=wanted, data=data, eda=replace(job.eda, synonyms=synonyms))


def reproduce(job: Reproduction, out: Path, run: Run) -> str:
    """Runs every stage in `out`, goes on where an earlier call was stopped, and returns the table,
    which is in table.md and, with every figure, in table.json.

    Raises DataError for a set without a source, OutputError when `out` holds another reproduction,
    and what the stages raise.
    """
    missing = [name for name, source in job.sets.items() if source is None]
    if missing:
        raise DataError(f"no source of {', '.join(missing)}: give --sets {missing[0]}=FILE")
    with job_folder(out, "reproduction.json", asdict(job), "reproduction"):
        sets = _sets(job, out / "sets", run)
        data = _data(job, out, {name: out / f"sets/{name}.jsonl" for name in sets}, run)
        run.say("teacher: measure")
        runs = {"teacher": [measure(job.teachers[0], sets, out / "teacher.json")]}
        for arm in job.arms:
            runs[arm] = []
            for seed in job.seeds:
                folder = out / "arms" / arm / str(seed)
                run.say(f"{TITLES[arm]}, seed {seed}: train and measure")
                model = train_arm(job, arm, seed, data, folder, run.launcher)
                runs[arm].append(measure(str(model), sets, folder / "figures.json"))
        return _write_table(runs, out, run.warning)


def _sets(job: Reproduction, folder: Path, run: Run) -> dict[str, list[Row]]:
    folder.mkdir(exist_ok=True)
    loaded = {}
    for name, source in job.sets.items():
        file = folder / f"{name}.jsonl"
        if source is not None and not file.is_file():
            run.say(f"read {SETS[name].title}")
            write_rows(file, load_set(SETS[name], source, run.miscounted))
        loaded[name] = load_rows(str(file))
    return loaded


def _data(
    job: Reproduction, out: Path, held: Mapping[str, Path], run: Run
) -> dict[str, list[Path]]:
    """The files of labelled rows of every source that an arm needs."""
    needed = {name for arm in job.arms for name in SOURCES[arm]}
    d, exemplars = out / "d/rows.jsonl", out / "d/exemplars.jsonl"
    if not exemplars.is_file():
        run.say("read D")
        rows, found = seed_rows(job.data)
        d.parent.mkdir(exist_ok=True)
        write_rows(d, rows)
        write_rows(exemplars, found)
    run.say("D: label")
    data = {"d": [stages.labelled(job, d, out / "d/labelled", run.where)]}
    for name, prefix in (("harmaug", True), ("no_prefix", False)):
        if name in needed:
            run.say(f"{TITLES[name]}: generate, respond, label")
            folder = out / name
            data[name] = stages.augmented(job, prefix, exemplars, held, folder, run.where)
    if "eda" in needed:
        run.say("EDA: vary D")
        data["eda"] = [stages.varied(job, data["d"][0], out / "eda", run.where)]
    return data


def _write_table(runs: Mapping[str, Sequence[Scored]], out: Path, warning: str) -> str:
    metrics: dict[str, Sequence[Mapping[str, Metrics]]] = {
        name: [one.sets for one in found] for name, found in runs.items()
    }
    arms = {name: summarise(TITLES[name], found) for name, found in metrics.items()}
    unread = {name: [one.unread for one in found] for name, found in runs.items()}
    answered = {name: stages.answered_share(out / name) for name in ANSWERED if name in runs}
    tree = {
        "warning": warning,
        "arms": as_data(arms, metrics),
        "answered": answered,
        "unread": unread,
    }
    write_text(out / FIGURES, json.dumps(tree, indent=2, allow_nan=False) + "\n")
    text = markdown(arms, answered, warning)
    write_text(out / TABLE, text)
    return text


def _beside(recipe: Path, source: str) -> str:
    return source if source.startswith(HUB_PREFIX) else str(recipe.parent / source)
