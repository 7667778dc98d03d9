"""A chat as the message list that chat templates and servers take."""

from __future__ import annotations

from guardlet_training.augment.backends.backend import Chat

Message = dict[str, str]


def messages(chat: Chat) -> list[Message]:
    """System (if any), user, and the assistant's begun turn (if any)."""
    turns = [{"role": "user", "content": chat.user}]
    if chat.system is not None:
        turns.insert(0, {"role": "system", "content": chat.system})
    if chat.prefill:
        turns.append({"role": "assistant", "content": chat.prefill})
    return turns


def template_options(chat: Chat) -> dict[str, bool]:
    """Continue the assistant's turn where one is begun, open a new one otherwise.

    The names are those of `apply_chat_template`; vLLM, SGLang and llama.cpp take the same ones.
    """
    begun = bool(chat.prefill)
    return {"continue_final_message": begun, "add_generation_prompt": not begun}


NO_THINKING = {"enable_thinking": False}
"""Variables for chat templates: thinking models are not to think first, which a begun turn leaves
no room for (llama.cpp refuses it then). Templates that know no such variable ignore it."""


def without_prefill(chat: Chat, text: str) -> str:
    """What follows the prefill, also when the text repeats it, as some servers do."""
    begun = chat.prefill.strip()
    bare = text.lstrip()
    return bare[len(begun) :] if begun and bare.startswith(begun) else text
