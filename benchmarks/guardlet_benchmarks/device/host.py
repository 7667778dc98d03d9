"""Target `host`: the engines that run from Python on this machine."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from guardlet.bundle import Artifact, Bundle
from guardlet.cli.console import plain, stderr, track
from guardlet.cli.plugins import install_line
from guardlet.encoder import Encoder
from guardlet.engines import can_run, choose_artifact
from guardlet.errors import EngineError, InputError
from guardlet_benchmarks.device.cell import Cell, Prompt
from guardlet_benchmarks.device.facts import thermal_state, this_machine, usable_cores
from guardlet_benchmarks.device.probe import Probe
from guardlet_benchmarks.device.report import DeviceReport, threads_in_words
from guardlet_benchmarks.device.request import DeviceRequest, Progress
from guardlet_benchmarks.device.statistics import noise, sustained
from guardlet_benchmarks.device.subject import Spec
from guardlet_benchmarks.device.texts import prompt_of

_THREADS = (1, 2, 4)
_SUSTAINED_TOKENS = 128
_LONGEST_SLICE = 1.0
_LEAST_SLICES = 8
_PEERS_NEED = ("torch", "transformers", "optimum", "onnx")


def measure(request: DeviceRequest, progress: Progress) -> DeviceReport:
    """Every artifact that runs here and was asked for, and the peers, each in a process of its
    own. A process that dies is left out of what follows and named in `incomplete`.

    Raises a BundleError, EngineError when nothing could be measured, InputError when no asked
    length fits a window, or ModelError when the peers' model cannot be loaded.
    """
    bundle = Bundle.open(request.bundle)
    artifacts = _chosen(bundle, request.engines)
    prompts = _prompts(bundle, request.lengths)
    threads = request.threads or tuple(n for n in _THREADS if n <= usable_cores())
    own = [_spec(bundle, artifact) for artifact in artifacts]
    with _peers(request.peers, max(request.lengths)) as peers:
        run = _Run(bundle.manifest.label, progress, [*own, *peers], prompts)
        seconds = request.sustained_seconds / (len(own) * len(threads))
        for index, number in enumerate(threads):
            run.measure(number, request.rounds, seconds, parity=index == 0)
    return run.finished()


class _Run:
    """One run: its cells, at one number of threads after the other."""

    def __init__(
        self, label: str, progress: Progress, specs: Sequence[Spec], prompts: Sequence[Prompt]
    ) -> None:
        self._progress, self._specs, self._prompts = progress, specs, prompts
        self._probe = Probe()
        self._cells: list[Cell] = []
        self._thermal = thermal_state()
        self._label = label
        self._created = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def measure(self, threads: int, rounds: int, seconds: float, parity: bool) -> None:
        """All subjects with so many threads; `seconds` of the long run for each."""
        title = threads_in_words(threads)
        cells = [Cell(spec.with_threads(threads), self._prompts) for spec in self._specs]
        self._cells += cells
        with ExitStack() as stack:
            for cell in cells:
                stack.callback(cell.close)
            for cell in track(cells, f"{title}: loading", len(cells)):
                cell.open()
                cell.warm_up()
            self._take_rounds(cells, rounds, title)
            own = [cell for cell in cells if not cell.spec.peer]
            for cell in own if seconds else []:
                self._run_long(cell, seconds, title)
            for cell in track(own, f"{title}: golden vectors", len(own)) if parity else []:
                cell.take_parity()
                self._progress(self.report())

    def finished(self) -> DeviceReport:
        """The report. Raises EngineError when it would be empty."""
        report = self.report()
        if not report.measurements:
            raise EngineError(report.incomplete or "nothing was measured")
        return report

    def report(self) -> DeviceReport:
        """What there is so far."""
        failures = [cell.failure for cell in self._cells if cell.failure]
        found = [cell.measurement() for cell in self._cells]
        engines = {spec.engine for spec in self._specs}
        return DeviceReport(
            runtime="python",
            created=self._created,
            bundle=self._label,
            device=this_machine(sorted(engines), self._thermal),
            noise=noise(self._probe.times_ms),
            measurements=tuple(measurement for measurement in found if measurement),
            incomplete="; ".join(failures) or None,
        )

    def _take_rounds(self, cells: Sequence[Cell], rounds: int, title: str) -> None:
        """In turns, so that all meet the same machine."""
        for _ in track(range(rounds), f"{title}: rounds", rounds):
            for cell in cells:
                self._probe.take()
                cell.take_round()
        for cell in cells:
            cell.take_memory()
        self._progress(self.report())

    def _run_long(self, cell: Cell, seconds: float, title: str) -> None:
        lengths = [tokens for _, tokens in self._prompts]
        tokens = min(lengths, key=lambda length: abs(length - _SUSTAINED_TOKENS))
        count = max(_LEAST_SLICES, round(seconds / _LONGEST_SLICE))
        steps = track(range(count), f"{title}: long run of {cell.spec.name}", count)
        slices = [cell.take_slice(tokens, seconds / count) for _ in steps]
        if not cell.failure:
            cell.keep_sustained(sustained(tokens, slices))
        self._progress(self.report())


def _chosen(bundle: Bundle, engines: Sequence[str] | None) -> list[Artifact]:
    """Those that run here; others are named on stderr. Raises EngineError when none is left or
    the bundle lacks one of `engines`."""
    artifacts = bundle.manifest.artifacts
    for name in engines or ():
        choose_artifact(bundle, name)
    asked = [a for a in artifacts if engines is None or {a.id, a.engine} & set(engines)]
    chosen = [artifact for artifact in asked if can_run(artifact)]
    for artifact in asked:
        if artifact not in chosen:
            stderr().print(plain(f"skipped {artifact.id}: engine {artifact.engine} is not here"))
    if not chosen:
        raise EngineError(f"no engine here can run what was asked of {bundle.manifest.label}")
    return chosen


def _prompts(bundle: Bundle, lengths: Sequence[int]) -> list[Prompt]:
    """Shortest first; lengths that no window has are named on stderr."""
    manifest = bundle.manifest
    encoder = Encoder(bundle.read_text(manifest.tokenizer), manifest.input)
    found, refused = {}, None
    for length in sorted(set(lengths)):
        try:
            text, tokens = prompt_of(encoder, length)
            found[tokens] = text
        except InputError as error:
            stderr().print(plain(f"skipped length {length}: {error}"))
            refused = error
    if not found:
        raise refused or InputError("give at least one length in tokens")
    return [(text, tokens) for tokens, text in found.items()]


def _spec(bundle: Bundle, artifact: Artifact) -> Spec:
    return Spec(
        name=artifact.id,
        engine=artifact.engine,
        precision=artifact.precision,
        threads=1,
        bytes=artifact.size,
        source=str(bundle.folder),
    )


@contextmanager
def _peers(model: Path | None, max_tokens: int) -> Iterator[list[Spec]]:
    if model is None:
        yield []
        return
    if any(find_spec(package) is None for package in _PEERS_NEED):
        raise EngineError(f"peers need more packages: {install_line('bench')}")
    from guardlet_benchmarks.device.peers import exported

    with exported(model, max_tokens) as specs:
        yield specs
