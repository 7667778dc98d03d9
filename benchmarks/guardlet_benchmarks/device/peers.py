"""What a user of the same weights has otherwise: transformers' own pipeline, with PyTorch or with
what optimum exports."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardlet_benchmarks.device.report import Parity
from guardlet_benchmarks.device.subject import Spec

if TYPE_CHECKING:
    from guardlet_export.reference import TorchEngine

PYTORCH = "pytorch"
OPTIMUM = "optimum"
_EAGER = "pytorch-eager"
_PEERS = (
    (_EAGER, PYTORCH, "fp32"),
    ("optimum-fp32", OPTIMUM, "fp32"),
    ("optimum-int8", OPTIMUM, "int8"),
)
_TASK = "text-classification"


class PipelineSubject:
    """transformers' text-classification pipeline, as its documentation shows it."""

    def __init__(self, model: Any, folder: Path) -> None:
        from transformers import AutoTokenizer, pipeline

        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._pipeline = pipeline(_TASK, model=model, tokenizer=self._tokenizer, device="cpu")

    def check(self, text: str) -> object:
        return self._pipeline(text)

    def encode(self, text: str) -> object:
        return self._tokenizer(text)

    def parity(self) -> Parity | None:
        """The pipeline has no windows, so the golden vectors are not for it."""
        return None


def open_peer(spec: Spec) -> PipelineSubject:
    """Loads a folder that `exported` wrote."""
    folder = Path(spec.source)
    model = _torch_model(folder, spec.threads) if spec.engine == PYTORCH else _onnx_model(spec)
    return PipelineSubject(model, folder)


@contextmanager
def exported(model: Path, max_tokens: int) -> Iterator[list[Spec]]:
    """The peers of a trained classifier's folder, in a temporary folder that goes with the
    context. Raises ModelError."""
    from guardlet_export.reference import TorchEngine

    engine = TorchEngine.from_folder(model)
    tokenizer = _tokenizer(model)
    with tempfile.TemporaryDirectory() as place:
        specs = []
        for name, kind, precision in _PEERS:
            folder = Path(place) / name
            folder.mkdir()
            file = _write(name, engine, max_tokens, folder)
            tokenizer.save_pretrained(folder)
            specs.append(Spec(name, kind, precision, 1, file.stat().st_size, str(folder), True))
        yield specs


def _write(name: str, engine: TorchEngine, max_tokens: int, folder: Path) -> Path:
    """The model as `from_pretrained` reads it; returns the file of its weights."""
    from guardlet_benchmarks.routes import ROUTES

    if name == _EAGER:
        engine.model.save_pretrained(folder)
        return folder / "model.safetensors"
    engine.model.config.save_pretrained(folder)
    (route,) = (route for route in ROUTES if route.name == name)
    return route.emit(engine, (max_tokens,), folder)


def _tokenizer(model: Path) -> Any:
    """The model's own; of a guard's folder, which has tokenizer.json alone, that file's with the
    special tokens around the text."""
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    from guardlet_export.tokenizer import Lengths, freeze_tokenizer, input_rules

    if (model / "tokenizer_config.json").is_file():
        return AutoTokenizer.from_pretrained(model)
    text = freeze_tokenizer(str(model))
    tokenizer = Tokenizer.from_str(text)
    rules = input_rules(text, Lengths(), type_ids=False)
    start, end = (tokenizer.id_to_token(ids[0]) for ids in (rules.start, rules.end))
    tokenizer.post_processor = TemplateProcessing(
        single=[start, "$A", end], special_tokens=[(start, rules.start[0]), (end, rules.end[0])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=tokenizer.id_to_token(rules.pad)
    )


def _torch_model(folder: Path, threads: int) -> Any:
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.set_num_threads(threads)
    return AutoModelForSequenceClassification.from_pretrained(folder)


def _onnx_model(spec: Spec) -> Any:
    import onnxruntime
    from optimum.onnxruntime import ORTModelForSequenceClassification

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = spec.threads
    (file,) = Path(spec.source).glob("*.onnx")
    return ORTModelForSequenceClassification.from_pretrained(
        spec.source, file_name=file.name, session_options=options
    )
