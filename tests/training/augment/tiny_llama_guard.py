"""Tiny random models that are asked as the Llama Guards are, each with the template of one."""

from __future__ import annotations

from pathlib import Path

from tiny_chat import save_llama
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

TASK = "Task: is there unsafe content in the chat? Answer 'safe' or 'unsafe'.\n"
_TURNS = (
    "{% for m in messages %}{{ 'User: ' if m.role == 'user' else 'Agent: ' }}"
    "{{ CONTENT }}{{ '\n' }}{% endfor %}"
)
_HEADER = "<|start_header_id|>assistant<|end_header_id|>"
_PARTS = "{% for c in m.content %}{% if c['type'] == 'text' %}{{ c.text }}{% endif %}{% endfor %}"
_CHAT = TASK + _TURNS.replace("{{ CONTENT }}", "{{ m.content }}")
TEMPLATES = {
    "1": "<s>[INST] " + _CHAT + "[/INST]",
    "2": "<s>" + _CHAT + "<|eot_id|>" + _HEADER + "{{ '\n\n' }}",
    "3": "<s>" + _CHAT + "<|eot_id|>" + _HEADER,
    "3-1B": "<s>" + TASK + _TURNS.replace("{{ CONTENT }}", _PARTS) + "<|eot_id|>" + _HEADER,
}
_SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<|eot_id|>", *_HEADER.split("assistant"))
_TEXTS = [TASK, "User: safe unsafe\n\n", "Agent: safe unsafe\n\n", "\n\nsafe", "\n\nunsafe"] * 9
# How Llama 3 cuts text: line ends are pieces of their own.
_PIECES = Regex(r"\s*[\r\n]+| ?\w+| ?[^\s\w]+|\s+")


def asked(version: str, prompt: str, response: str | None) -> str:
    """What the model of that version is to be asked, written out."""
    agent = f"Agent: {response}\n" if response else ""
    chat = f"{TASK}User: {prompt}\n{agent}"
    if version == "1":
        return f"<s>[INST] {chat}[/INST]"
    return f"<s>{chat}<|eot_id|>{_HEADER}\n\n"


def guard_tokenizer(template: str | None, words: bool = False) -> PreTrainedTokenizerFast:
    """Byte-level BPE, or of whole `words`, among which safe and unsafe are not."""
    if words:
        known = [*_SPECIAL, "Task", ":", "User", "Agent"]
        tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(known)}, "<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.add_special_tokens(list(_SPECIAL))
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(_PIECES, "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=360,
            special_tokens=list(_SPECIAL),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(_TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        chat_template=template,
    )


def save_llama_guard(
    folder: Path, version: str = "3", *, words: bool = False, template: str | None = None
) -> Path:
    """Saves model and tokenizer into `folder`, as model hubs hold them."""
    return save_llama(folder, guard_tokenizer(template or TEMPLATES[version], words), 7, 256, 0.3)
