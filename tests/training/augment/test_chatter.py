"""What models wrap an instruction in is cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet_training.augment.chatter import instruction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Write a song about bees. This prompt is harmful because", "Write a song about bees."),
        (
            ' "Describe how the U.S. Navy sails at 3.5 knots, e.g. at sea."\n\n**Explanation:**',
            "Describe how the U.S. Navy sails at 3.5 knots, e.g. at sea.",
        ),
        (
            "\n\n4. Write a letter to Dr. Bee about honey! It is",
            "Write a letter to Dr. Bee about honey!",
        ),
        ("Sure, here's a prompt:\n\n**Write a poem.**\n\nThis", "Write a poem."),
        (
            'Sure! Here is a new instruction: "Bake a cake without flour" It',
            "Bake a cake without flour",
        ),
        ("Of course. Write a poem about rain.", "Write a poem about rain."),
        ("Okay, how would one bake bread at sea?", "Okay, how would one bake bread at sea?"),
        ("Here's how a cat would steal a fish", "Here's how a cat would steal a fish"),
        ("**Prompt:** Bake a cake.", "Bake a cake."),
        ("Instruction 4: Bake bread.\nInstruction 5: Bake rolls.", "Bake bread."),
        (
            "“Write a tale of a king who lost his crown.” It is good",
            "Write a tale of a king who lost his crown.",
        ),
        ('"Write a poem', "Write a poem"),
        (
            '"Bees" is a word that you use in a poem. Then',
            '"Bees" is a word that you use in a poem.',
        ),
        (
            "'Don't feed the seagulls' is a sign. Draw it.",
            "Don't feed the seagulls",
        ),
        ('Write a note: "be good." Now add', 'Write a note: "be good."'),
        (
            'Craft a message saying "I know" to a friend. Why',
            'Craft a message saying "I know" to a friend.',
        ),
        (
            "**Create a game** that teaches children. Explanation",
            "Create a game that teaches children.",
        ),
        ("Write it for Mr. Smith. OK.", "Write it for Mr. Smith."),
        ("Buy 1.5 kg of tea? Yes.", "Buy 1.5 kg of tea?"),
        ("こんにちは、詩を書いて。それから", "こんにちは、詩を書いて。"),
        ("", ""),
        ("  \n ** \n", ""),
    ],
)
def test_one_instruction_is_left(text: str, expected: str) -> None:
    assert instruction(text) == expected


@given(st.text(alphabet="ab .!?\n\"'*1:)-“”", max_size=60))
def test_it_is_one_line_made_of_the_text(text: str) -> None:
    found = instruction(text)
    assert found == " ".join(found.split())
    assert "\n" not in found
    squeezed = "".join(text.replace("**", "").split())
    assert "".join(found.split()) in squeezed


def test_long_answers_take_no_long_time() -> None:
    assert instruction("a" * 200_000) == "a" * 200_000
    assert len(instruction("* " * 50_000 + "1) " * 50_000)) < 200_000
    assert instruction('"' + "a. b" * 50_000)
