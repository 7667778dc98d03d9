"""Guardlet: an on-device guard that says whether a prompt or a response is harmful."""

from guardlet.bundle import Bundle
from guardlet.encoder import Encoder, InputRules, Window
from guardlet.engines import Engine
from guardlet.guard import Guard
from guardlet.streaming import GuardStream
from guardlet.verdict import Verdict

__all__ = ["Bundle", "Encoder", "Engine", "Guard", "GuardStream", "InputRules", "Verdict", "Window"]
