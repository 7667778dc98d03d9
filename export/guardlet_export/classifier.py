"""Loading a Hugging Face sequence classifier, from a folder or from the hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForSequenceClassification

from guardlet_export.errors import ModelError, UnsupportedModelError

_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
_SHOWN = 3


def load_classifier(source: str) -> Any:
    """The model of a folder, or of a hub id such as OWNER/NAME. Code of the model's own is never
    run.

    Raises ModelError when it cannot be found or read, or its weights are not those of a
    classifier, and UnsupportedModelError for an architecture without one.
    """
    local = Path(source).is_dir()
    if not local and not _HUB_ID.fullmatch(source):
        raise ModelError(f"{source} is neither a folder nor a hub id (OWNER/NAME)")
    if local and not (Path(source) / "config.json").is_file():
        raise ModelError(f"{source} has no config.json; give the folder of a trained classifier")
    config = _config(source, local)
    if type(config) not in AutoModelForSequenceClassification._model_mapping:
        raise UnsupportedModelError(
            f"{source}: {config.model_type!r} models have no sequence classifier in transformers"
        )
    try:
        model, report = AutoModelForSequenceClassification.from_pretrained(
            source, config=config, output_loading_info=True, trust_remote_code=False
        )
    except Exception as error:
        raise ModelError(
            f"cannot read the weights of {source} ({type(error).__name__}); they must fit "
            f"config.json: get the model again"
        ) from error
    missing = sorted(report["missing_keys"])
    if missing:  # transformers would fill them with random numbers
        names = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        raise ModelError(f"the weights of {source} lack {names}: it is no trained classifier")
    return model


def _config(source: str, local: bool) -> Any:
    try:
        return AutoConfig.from_pretrained(source, trust_remote_code=False)
    except (ValueError, KeyError) as error:
        raise UnsupportedModelError(
            f"{source}: config.json names no architecture that transformers knows"
        ) from error
    except Exception as error:
        if local:
            raise ModelError(
                f"cannot read {source}/config.json ({type(error).__name__}); get the model again"
            ) from error
        raise ModelError(
            f"no folder {source} here, and the hub did not give a model of that id; check the id, "
            f"your access to it and the network, or give a local folder"
        ) from error
