"""A response judged while it is generated."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from guardlet.encoder import Encoder, Encoding, replace_lone_surrogates, require_text
from guardlet.errors import StreamError
from guardlet.streaming.schedule import StreamSchedule
from guardlet.streaming.state import StreamState
from guardlet.streaming.text import KeptText, Pieces, SurrogateJoiner
from guardlet.verdict import Verdict


class GuardStream:
    """One response in the making; apps get it from `Guard.stream`. For one thread at a time.

    It tokenises each piece of the response once, keeps the tokens of one window, and KEEPS THE
    TEXT, because the check at the end reads it: about twice the bundle's `max_chars` code points at
    most. `close` lets go of it; nothing else of Guardlet keeps text.

    Checks are a function of the text alone: however it is cut into chunks, the same checks are made
    in the same order, and `flagged` ends the same. The chunks only decide which call makes them.
    """

    def __init__(
        self,
        prompt: str,
        schedule: StreamSchedule,
        encoder: Encoder,
        judge: Callable[[Encoding, float], Verdict],
        check: Callable[[str, str], Verdict],
        names: tuple[str, str],
    ) -> None:
        """`judge` scores an encoding begun at a time of `time.perf_counter`, `check` is that of
        the guard, `names` are those of its bundle and operating point. Raises NotTextError,
        StreamError or EngineError."""
        require_text("prompt", prompt)
        schedule.require_fit(encoder.rules)
        self._prompt, self.schedule = replace_lone_surrogates(prompt), schedule
        self._encoder, self._judge, self._check = encoder, judge, check
        self._names = names
        self._prompt_ids, _ = encoder.tokenize(prompt)
        self._joiner, self._pieces = SurrogateJoiner(), Pieces()
        self._text: KeptText = KeptText(encoder.rules.max_chars)
        self._waiting: deque[int] = deque()
        self._tail: deque[int] = deque(maxlen=encoder.rules.max_tokens)
        self._tokens = 0
        self._streak = 0
        self._flagged = False
        self._closing: Verdict | None = None

    @property
    def flagged(self) -> bool:
        """True from `hits` harmful checks in a row on; the verdict of `close` does not count."""
        return self._flagged

    def feed(self, chunk: str) -> Verdict | None:
        """Takes the next chunk; the verdict of the check that came due, None when none did.

        Of several checks, which a chunk of more than `every` tokens brings, the worst verdict.
        Raises as `feed_all`.
        """
        return max(self.feed_all(chunk), key=lambda verdict: verdict.score, default=None)

    def feed_all(self, chunk: str) -> list[Verdict]:
        """Takes the next chunk; the verdicts of all checks that came due, in order.

        In them `tokens` counts the prompt and the response up to the check, `truncated` is true
        when the window did not show all of that response. Raises NotTextError, StreamError after
        `close`, or EngineError: the chunk was taken, the check is left out, and the stream can go
        on.
        """
        require_text("chunk", chunk)
        self._require_open()
        text = self._joiner.join(chunk)
        self._text.add(text)
        for piece in self._pieces.add(text):
            self._waiting.extend(self._encoder.tokenize(piece)[0])
        verdicts = []
        while len(self._waiting) >= (new := self._new_tokens()):
            verdicts.append(self._check_after(new))
        return verdicts

    def close(self) -> Verdict:
        """The verdict of `Guard.check` on the prompt and the whole response.

        Of an empty response it is the verdict of the prompt. A second call gives it again. Raises
        EmptyInputError or EngineError; after the latter it can be called again.
        """
        if self._closing is None:
            ending = "\ufffd" if self._joiner.held else ""
            self._closing = self._check(self._prompt, f"{self._text}{ending}")
            self._prompt, self._prompt_ids = "", []
            self._text, self._pieces, self._joiner = KeptText(0), Pieces(), SurrogateJoiner()
            self._tail.clear()
            self._waiting.clear()
        return self._closing

    def state(self) -> dict[str, Any]:
        """Where the stream is, for JSON and `Guard.resume_stream`. It HOLDS THE TEXT of the prompt
        and of the response so far: store it as you store those. Raises StreamError after `close`.
        """
        self._require_open()
        held = self._joiner.held
        return StreamState(
            *self._names,
            prompt=self._prompt,
            schedule=self.schedule,
            text=str(self._text),
            rest=self._pieces.rest,
            surrogate=ord(held) if held else None,
            waiting=tuple(self._waiting),
            tail=tuple(self._tail),
            tokens=self._tokens,
            streak=self._streak,
            flagged=self._flagged,
        ).to_dict()

    def restore(self, state: StreamState) -> None:
        """Goes on from `state`. Raises StreamError when another bundle or operating point made it,
        since tokens and hits of one mean nothing to the other."""
        if (state.bundle, state.operating_point) != self._names:
            raise StreamError(
                "the state was made with another bundle or operating point; resume it with that "
                "one or start a new stream"
            )
        held = "" if state.surrogate is None else chr(state.surrogate)
        self._joiner, self._pieces = SurrogateJoiner(held), Pieces(state.rest)
        self._text = KeptText(self._encoder.rules.max_chars, state.text)
        self._waiting, self._tokens = deque(state.waiting), state.tokens
        self._tail.extend(state.tail)
        self._streak, self._flagged = state.streak, state.flagged

    def _require_open(self) -> None:
        if self._closing is not None:
            raise StreamError("the stream is closed; start a new one with guard.stream")

    def _new_tokens(self) -> int:
        """Tokens between the last check and the next."""
        return self.schedule.every if self._tokens else self.schedule.first

    def _check_after(self, new: int) -> Verdict:
        begin = time.perf_counter()
        self._tail.extend(self._waiting.popleft() for _ in range(new))
        self._tokens += new
        shown = min(self.schedule.shown(self._tokens, new), len(self._tail))
        tail = list(islice(self._tail, len(self._tail) - shown, None))
        verdict = self._judge(
            self._encoder.encode_tail(self._prompt_ids, tail, self._tokens), begin
        )
        self._streak = self._streak + 1 if verdict.harmful else 0
        self._flagged = self._flagged or self._streak >= self.schedule.hits
        return verdict
