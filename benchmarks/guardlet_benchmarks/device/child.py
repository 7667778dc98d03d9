"""This side of the pipe to a worker process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import Any

from guardlet.errors import EngineError

_WORKER = "guardlet_benchmarks.device.worker"
_PATIENCE = 60  # seconds; it takes the system a while to take a large process apart
_LONGEST_REASON = 200


class Child:
    """A fresh Python process that runs one subject. Use as a context."""

    def __init__(self, label: str) -> None:
        """`label` names the subject in errors."""
        self.label = label
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """The worker's answer. Raises EngineError with its error, or how its process ended."""
        process = self._process
        assert process.stdin and process.stdout
        try:
            print(json.dumps({"do": do, **request}), file=process.stdin, flush=True)
            line = process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise EngineError(f"{self.label}: {self._end()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise EngineError(f"{self.label}: {reply['error']}")
        return reply

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """Ends the process, which may have ended already."""
        self._process.kill()
        self._process.wait(_PATIENCE)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        self._errors.close()

    def _end(self) -> str:
        code = self._process.wait(_PATIENCE)
        if code < 0:
            return (
                f"its process was ended by {signal.Signals(-code).name}; "
                "if nobody did that, the memory may have run out"
            )
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"its process failed: {(lines or ['no reason given'])[-1][:_LONGEST_REASON]}"
