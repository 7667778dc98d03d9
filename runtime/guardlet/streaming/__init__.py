"""Judging a response while it is generated. See docs/bundle-format.md, section "Streaming"."""

from guardlet.streaming.schedule import DEFAULT_SCHEDULE, StreamSchedule
from guardlet.streaming.state import StreamState
from guardlet.streaming.stream import GuardStream

__all__ = ["DEFAULT_SCHEDULE", "GuardStream", "StreamSchedule", "StreamState"]
