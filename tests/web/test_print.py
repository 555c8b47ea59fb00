"""What stands on paper: browsers print text and leave the fills out."""

import re
from pathlib import Path

STYLES = (Path(__file__).parents[2] / "static" / "app.css").read_text(encoding="utf-8")


def test_what_has_light_words_on_a_dark_fill_has_dark_words_without_one_in_print() -> None:
    """The chosen chip. A link takes the colour of the text around it on paper, which cannot be read on the fill."""
    printed = STYLES.partition("@layer print {")[2]
    assert re.search(r"\.chips a\[aria-current\] \{background: var\(--main\)", STYLES)
    rule = re.search(r"\.chips a\[aria-current\] \{([^}]*)\}", printed)
    assert rule
    assert {"background: none", "color: inherit"} <= {part.strip() for part in rule[1].split(";")}
