"""A real browser without a window, one fresh process a question."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_HEIGHT = 8000
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_ANSWER = re.compile(r'<pre class="answer">(.*?)</pre>', re.DOTALL)
_ASK = """<script>addEventListener("load", () => {{
  const answer = parent.document.createElement("pre");
  answer.className = "answer";
  answer.textContent = JSON.stringify(({question})());
  parent.document.body.append(answer);
}});</script>"""
_FRAME = (
    '<iframe srcdoc="{page}" style="position: absolute; left: 0; top: 0; border: 0; '
    'width: {width}px; height: {height}px"></iframe>'
)
_COUNT = """() => REGIONS.map(({image, box, colours}) => {
  const canvas = document.createElement("canvas");
  const [x, y, width, height] = box.map(Math.round);
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.drawImage(document.images[image], -x, -y);
  const pixels = context.getImageData(0, 0, width, height).data;
  return colours.map((colour) => {
    let count = 0;
    for (let at = 0; at < pixels.length; at += 4)
      count += [0, 1, 2].every((i) => Math.abs(pixels[at + i] - colour[i]) < 40);
    return count;
  });
})"""


@dataclass(frozen=True)
class Browser:
    """`program` with its files under `folder`. `dark` is what prefers-color-scheme says."""

    program: str
    folder: Path

    def look(self, page: str, question: str, width: int, dark: bool) -> tuple[Any, Path]:
        """What a JavaScript function answers once the page is laid out, and a picture of it.

        In a frame, since a window is never narrower than 500 pixels.
        """
        asked = html.escape(_POLICY.sub("", page) + _ASK.format(question=question))
        frame = _FRAME.format(page=asked, width=width, height=_HEIGHT)
        outside = f'<meta name="color-scheme" content="light dark"><body>{frame}'
        picture = self.folder / f"{width}-{'dark' if dark else 'light'}.png"
        return self._ask(outside, max(width, 500), dark, f"--screenshot={picture}"), picture

    def count(
        self, images: Sequence[Path], regions: Sequence[Mapping[str, Any]]
    ) -> list[list[int]]:
        """Pixels near each of a region's `colours` in its `box` (x, y, width, height) of
        `images[image]`."""
        data = (base64.b64encode(image.read_bytes()).decode() for image in images)
        page = "".join(f'<img src="data:image/png;base64,{item}">' for item in data)
        question = _COUNT.replace("REGIONS", json.dumps(regions))
        found: list[list[int]] = self._ask(
            f"<body>{page}{_ASK.format(question=question)}", 900, False
        )
        return found

    def _ask(self, page: str, width: int, dark: bool, *more: str) -> Any:
        shown, profile = self.folder / "shown.html", self.folder / "profile"
        shown.write_text(page, encoding="utf-8")
        command = [
            self.program,
            *_FLAGS,
            f"--user-data-dir={profile}",
            f"--window-size={width},{_HEIGHT}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--dump-dom",
            *more,
            shown.as_uri(),
        ]
        try:
            done = subprocess.run(command, check=True, capture_output=True, timeout=120)
        finally:
            shutil.rmtree(profile, ignore_errors=True)
        (answer,) = _ANSWER.findall(done.stdout.decode())
        return json.loads(html.unescape(answer))


def find_browser() -> str | None:
    """The first Chromium on the path."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)
