"""Text from an agent or a machine, made safe to print.

A terminal obeys control sequences (title, clipboard, cursor, colours), and bidirectional controls make text look like
other text; rich would obey its markup, so such text is printed as `rich.text.Text` only.
"""

from __future__ import annotations

import re

_C1 = "\x80-\x9f"
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*+[ -/]*+[@-~]"  # CSI (ECMA-48, 5.4)
    f"|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b{_C1}\n]*+(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    "|\x1b[ -/]*+[0-~]"  # other escapes
)
_UNSEEN = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_CONTROLS = re.compile(f"[\x00-\x08\x0b-\x1f\x7f{_C1}{_UNSEEN}]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """Return the text without terminal control sequences, bidirectional and invisible controls.

    Line feeds and tabs stay; all other line ends become line feeds, so that nothing overwrites a line.
    """
    text = _LINE_ENDS.sub("\n", _SEQUENCES.sub("", text))
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def one_line(text: str) -> str:
    """Return the printable text with every run of white space as one blank."""
    return " ".join(printable(text).split())
