"""Screening: which rows of a fine-tuning or chat file are harmful, and is the file as a whole.

The command is `guardlet scan`; docs/scan.md says what it reads and writes.
"""

from guardlet.scan.judge import GuardSource
from guardlet.scan.rates import Rates, parse_rates, rates_of_evaluation
from guardlet.scan.run import Progress, ScanJob, run_scan

__all__ = [
    "GuardSource",
    "Progress",
    "Rates",
    "ScanJob",
    "parse_rates",
    "rates_of_evaluation",
    "run_scan",
]
