"""The MIL program of a saved .mlpackage, ready to be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from guardlet_export.mil_numpy.compressed import restore
from guardlet_export.mil_numpy.operations import Operation, operation
from guardlet_export.mil_numpy.values import Array, ProgramError, WeightFiles, read_value

_MODEL = Path("Data") / "com.apple.CoreML"
_COMPRESSED = "constexpr_"


@dataclass(frozen=True)
class _Step:
    """One operation: where its inputs come from, and which values nobody needs after it."""

    compute: Operation
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    spent: tuple[str, ...]


@dataclass(frozen=True)
class MilFunction:
    """A function with constants at hand. `inputs` are names and shapes."""

    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    _constants: Mapping[str, Any]
    _steps: tuple[_Step, ...]

    def __call__(self, feed: Mapping[str, Array]) -> dict[str, Array]:
        """Outputs by name; `feed` holds an array of the declared shape for each input."""
        values: dict[str, Any] = {name: np.asarray(feed[name]) for name in self.inputs}
        for step in self._steps:
            found = {
                name: values[source] if source in values else self._constants[source]
                for name, source in step.inputs.items()
            }
            # Overflow to infinity is an answer here: whoever reads the output judges it.
            with np.errstate(over="ignore", invalid="ignore"):
                results = step.compute(found)
            values.update(zip(step.outputs, results, strict=True))
            for name in step.spent:
                values.pop(name, None)
        return {name: values[name] for name in self.outputs}


def read_package(package: Path) -> dict[str, MilFunction]:
    """The functions of an .mlpackage by name.

    Weights are restored here, each once however many functions share it. Raises ProgramError,
    also for an operation that is not supported: before anything is evaluated.
    """
    from coremltools.proto import Model_pb2
    from google.protobuf.message import DecodeError

    folder = package / _MODEL
    file = folder / "model.mlmodel"
    if not file.is_file():
        raise ProgramError(f"{package} is not a Core ML package: it has no {file.name}")
    try:
        model = Model_pb2.Model.FromString(file.read_bytes())
    except DecodeError:
        raise ProgramError(f"{file} is damaged; export the package again") from None
    if model.WhichOneof("Type") != "mlProgram":
        raise ProgramError(f"{package} is not an ML program")
    files, shared = WeightFiles(folder), dict[bytes, Array]()
    return {
        name: _function(function, files, shared)
        for name, function in model.mlProgram.functions.items()
    }


def _function(function: Any, files: WeightFiles, shared: dict[bytes, Array]) -> MilFunction:
    block = function.block_specializations[function.opset]
    constants: dict[str, Any] = {}
    plain = []
    for item in block.operations:
        if item.type == "const":
            constants[item.outputs[0].name] = read_value(item.attributes["val"], files)
        elif item.type.startswith(_COMPRESSED):
            constants[item.outputs[0].name] = _restored(item, files, shared)
        else:
            plain.append(item)
    return MilFunction(
        inputs={item.name: _shape(item.type.tensorType) for item in function.inputs},
        outputs=tuple(block.outputs),
        _constants=constants,
        _steps=_steps(plain, set(block.outputs)),
    )


def _restored(item: Any, files: WeightFiles, shared: dict[bytes, Array]) -> Array:
    """What is stored is in attributes up to iOS 17, in inputs from iOS 18 on."""
    stored = {name: value for name, value in item.attributes.items() if name != "name"}
    for name, argument in item.inputs.items():
        if argument.arguments[0].name:
            raise ProgramError(f"inputs of the MIL operation {item.type!r} are not plain values")
        stored[name] = argument.arguments[0].value
    key = b"".join(
        name.encode() + value.SerializeToString(deterministic=True)
        for name, value in sorted(stored.items())
    )
    if key not in shared:
        values = {name: read_value(value, files) for name, value in stored.items()}
        shared[key] = restore(item.type, values)
    return shared[key]


def _steps(operations: list[Any], outputs: set[str]) -> tuple[_Step, ...]:
    seen = set(outputs)
    steps = []
    for item in reversed(operations):
        inputs = {name: _single(item, argument) for name, argument in item.inputs.items()}
        names = tuple(output.name for output in item.outputs)
        spent = tuple((set(inputs.values()) | set(names)) - seen)
        seen.update(inputs.values())
        steps.append(_Step(operation(item.type), inputs, names, spent))
    return tuple(reversed(steps))


def _single(item: Any, argument: Any) -> str:
    bindings = argument.arguments
    if len(bindings) != 1 or not bindings[0].name:
        raise ProgramError(f"inputs of the MIL operation {item.type!r} are not plain names")
    return str(bindings[0].name)


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(dimension.constant.size for dimension in tensor.dimensions)
