"""The settings of transformers that put distances into the buckets of a position table."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from guardlet_export.deberta_weights import distance_rows
from guardlet_export.errors import ThawError

_LONGEST = 1 << 14


def bucket_settings(distances: Tensor) -> dict[str, Any]:
    """`position_buckets` and `max_relative_positions` for which `distance_rows` gives `distances`,
    int64 [2 length - 1]. Raises ThawError when there are none."""
    length = (len(distances) + 1) // 2
    reach = int(distances[length - 1])
    common = (1 << power for power in range(2, 16))
    limits = chain(common, range(2, _LONGEST))
    for buckets, limit in chain([(-1, reach)], ((reach, limit) for limit in limits)):
        settings = {"position_buckets": buckets, "max_relative_positions": limit}
        if torch.equal(distance_rows(SimpleNamespace(**settings), length), distances):
            return settings
    raise ThawError("the position buckets of the ONNX model are not those of any known setting")
