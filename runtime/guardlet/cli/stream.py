"""`guardlet check --stream`: the response on standard input, judged while it arrives."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from io import BufferedIOBase

from guardlet.streaming import GuardStream
from guardlet.verdict import Verdict

# Checks run after each read, so a read is kept to what one or two checks need.
_READ_BYTES = 256


def watch(
    stream: GuardStream,
    source: BufferedIOBase,
    show: Callable[[Verdict], None],
    stop_when_flagged: bool,
) -> bool:
    """Feeds `source` to `stream` and shows each verdict, the last one being that of `close`.

    Returns whether the stream was flagged or the whole response is harmful. With
    `stop_when_flagged` it reads no further once flagged.
    """
    for chunk in _chunks(source):
        for verdict in stream.feed_all(chunk):
            show(verdict)
        if stop_when_flagged and stream.flagged:
            return True
    verdict = stream.close()
    show(verdict)
    return verdict.harmful or stream.flagged


def _chunks(source: BufferedIOBase) -> Iterator[str]:
    """UTF-8 as it arrives, broken bytes as U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := source.read1(_READ_BYTES):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)
