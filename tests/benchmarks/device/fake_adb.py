"""An `adb` with one phone behind it: commands as tests need them, failures as real ones speak.

It runs as an executable. The folder FAKE_ADB holds its state: `devices` (what `adb devices -l`
lists), `phone.json` (how the phone behaves), `report.json` (what the app will write), `disk/` (the
phone's files) and `log`, one JSON list of arguments a line.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

STATE = Path(os.environ["FAKE_ADB"])
PHONE = json.loads((STATE / "phone.json").read_text())
PACKAGE = "dev.guardlet.demo"


def fail(reason: str) -> None:
    print(reason, file=sys.stderr)
    raise SystemExit(1)


def on_disk(remote: str) -> Path:
    return STATE / "disk" / remote.lstrip("/")


def start(words: list[str]) -> None:
    """The app, which is done before it has begun to be polled."""
    extras = dict(zip(words[1::3], words[2::3], strict=True))  # --ez NAME VALUE, ...
    folder = on_disk(f"/sdcard/Android/data/{PACKAGE}/files")
    folder.mkdir(parents=True, exist_ok=True)
    if "run" not in extras:
        return
    starts = STATE / "starts"
    count = int(starts.read_text()) + 1 if starts.exists() else 1
    starts.write_text(str(count))
    if count >= PHONE.get("gone_at_start", 99):
        (STATE / "gone").touch()
    elif "error" in PHONE:
        (folder / "error.txt").write_text(PHONE["error"])
    elif extras.get("pushed") and not (folder / "bundle" / "guardlet.json").is_file():
        (folder / "error.txt").write_text("BundleNotFoundError: no bundle was pushed")
    elif not PHONE.get("crashes"):
        report = json.loads((STATE / "report.json").read_text())
        measurement = report["measurements"][0]
        measurement["artifact"] = extras["artifact"]
        measurement["threads"] = int(extras.get("threads", 2))
        text = json.dumps(report)
        (folder / "benchmark.json").write_text(text[: PHONE.get("characters", len(text))])


def shell(line: str) -> None:
    words = shlex.split(line.removesuffix(" || true"))
    if words[:3] == ["pm", "list", "packages"]:
        print("package:dev.guardlet.demo.other")
        if PHONE.get("installed", True):
            print(f"package:{PACKAGE}")
    elif words[:2] == ["am", "force-stop"] or words[0] == "pidof":
        print("" if PHONE.get("crashes") else "4711")
    elif words[:5] == ["am", "start", "-W", "-n", f"{PACKAGE}/.BenchmarkActivity"]:
        print("Starting: Intent { cmp=dev.guardlet.demo/.BenchmarkActivity }")
        if PHONE.get("refuses"):
            print("Error type 3\nError: Activity class does not exist.")
        else:
            start(words[5:])
    elif words[0] == "ls":
        print("\n".join(sorted(file.name for file in on_disk(words[1]).iterdir())))
    elif words[0] == "rm":
        for word in words[2:]:
            file = on_disk(word)
            shutil.rmtree(file, ignore_errors=True) if file.is_dir() else file.unlink(True)
    else:
        fail(f"/system/bin/sh: {words[0]}: inaccessible or not found")


def copy(source: Path, target: Path, remote: str) -> None:
    if not source.is_file():
        fail(f"adb: error: failed to stat remote object '{remote}': No such file or directory")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def main(words: list[str]) -> None:
    with (STATE / "log").open("a") as log:
        print(json.dumps(words), file=log)
    if words == ["devices", "-l"]:
        print("* daemon started successfully\nList of devices attached")
        print((STATE / "devices").read_text())
        return
    option, serial, verb, *rest = words
    if option != "-s" or (STATE / "gone").exists():
        fail(f"adb: device '{serial}' not found")
    if verb == "shell":
        shell(*rest)
    elif verb == "push":
        copy(Path(rest[0]), on_disk(rest[1]), rest[1])
    elif verb == "pull":
        copy(on_disk(rest[0]), Path(rest[1]), rest[0])


if __name__ == "__main__":
    main(sys.argv[1:])
