"""What a file that is no photo seems to be, by its first bytes."""

from __future__ import annotations

import re

HEIC = "a HEIC photo"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"version https://git-lfs", "a Git LFS pointer: run 'git lfs pull'"),
    (rb"\s*(<\?xml.{0,900}?|<!--.{0,900}?)?<svg\b", "an SVG drawing"),
    (rb"\s*(<!doctype html|<html)", "a web page"),
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (rb"8BPS", "a Photoshop file"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR image"),
    (rb"#\?RADIANCE|#\?RGBE", "a Radiance HDR image"),
    (rb"glTF", "a 3D model (GLB)"),
    (rb"PK\x03\x04", "a ZIP archive or an Office document"),
    (rb"Rar!|7z\xbc\xaf", "an archive"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "a compressed file"),
    (rb"....ftyp(hei|hev|mif1|msf1)", HEIC),
    (rb"....ftypcrx ", "a camera's raw photo"),
    (rb"....ftyp|RIFF....AVI |\x1aE\xdf\xa3", "a video"),
)


def seems_to_be(head: bytes) -> str | None:
    """What a file seems to be, as `a PDF document`, or None if there is no telling.

    Args:
        head: Its first bytes; a thousand are enough.
    """
    for pattern, what in _SIGNATURES:
        if re.match(pattern, head.removeprefix(b"\xef\xbb\xbf"), re.DOTALL | re.IGNORECASE):
            return what
    return "text" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    # The last bytes may be half of a character.
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(letter.isprintable() or letter in "\t\r\n\f" for letter in text)
