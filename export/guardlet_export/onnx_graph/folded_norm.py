"""The norm that was folded into the word embeddings, as metadata of the model.

No node needs it. But without it nobody can tell which embeddings to train so that, normalised, they
are the ones stored.
"""

from __future__ import annotations

import base64
import json

import numpy as np
import torch

from guardlet_export.deberta_weights import Norm

FOLDED_NORM = "folded_embedding_norm"


def dump_norm(norm: Norm) -> str:
    """JSON: `weight` and `bias`, base64 of little-endian float32, and `epsilon`."""
    arrays = {"weight": norm.weight, "bias": norm.bias}
    packed = {
        key: base64.b64encode(value.numpy().astype("<f4").tobytes()).decode("ascii")
        for key, value in arrays.items()
    }
    return json.dumps(packed | {"epsilon": norm.epsilon})


def parse_norm(text: str) -> Norm:
    """The inverse. Raises ValueError, KeyError or TypeError for another text."""
    tree = json.loads(text)
    weight, bias = (
        torch.from_numpy(np.frombuffer(base64.b64decode(tree[key]), "<f4").astype(np.float32))
        for key in ("weight", "bias")
    )
    return Norm(weight, bias, float(tree["epsilon"]))
