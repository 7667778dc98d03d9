"""`guardlet calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.cli.console import stdout, track

app = typer.Typer()


@app.command()
def calibrate(
    model: Annotated[Path, typer.Argument(help="Model folder written by `guardlet train`.")],
    data: Annotated[list[Path], typer.Argument(help="Development files or folders.")],
    exclude: Annotated[
        Optional[list[str]], typer.Option(help="Set to leave out, by name; may be repeated.")
    ] = None,
    lenient_fpr: Annotated[float, typer.Option(help="False-positive rate of `lenient`.")] = 0.05,
    strict_recall: Annotated[float, typer.Option(help="Recall of `strict`.")] = 0.85,
    harmful_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of harmful texts that `balanced` expects.")
    ] = 0.25,
) -> None:
    """Fit the temperature, response bias and operating points of a trained guard."""
    from guardlet_export.guard_folder import GuardFolder
    from guardlet_export.onnx_export import fp32_engine
    from guardlet_export.reference import TorchEngine
    from guardlet_training.calibrate import Targets, fit_score_rules
    from guardlet_training.evaluate import expand, score_set

    guard = GuardFolder.open(model)
    engine = fp32_engine(TorchEngine.from_folder(model).model)
    encoder = guard.encoder()
    sets = {
        name: score_set(file, name, encoder, engine, track) for name, file in expand(data).items()
    }
    targets = Targets(lenient_fpr, strict_recall, harmful_share, tuple(exclude or ()))
    rules = fit_score_rules(sets, targets)
    guard.save_score(rules)
    console = stdout()
    console.print(f"temperature {rules.temperature:g}, response bias {rules.response_bias:g}")
    for name, point in rules.operating_points.items():
        console.print(f"{name}: harmful from {point.threshold:g}; {point.rule}", markup=False)
