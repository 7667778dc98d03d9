"""Long work on many rows: spread over workers, in order, and taken up again after a kill.

`guardlet scan` and the stages of `guardlet augment` are jobs.
"""

from guardlet.jobs.engines import Engine, run_workers
from guardlet.jobs.folder import PARTIAL, demote, job_folder, json_line, parse_line, promote
from guardlet.jobs.work import WorkerSource

__all__ = [
    "PARTIAL",
    "Engine",
    "WorkerSource",
    "demote",
    "job_folder",
    "json_line",
    "parse_line",
    "promote",
    "run_workers",
]
