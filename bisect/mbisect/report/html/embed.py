"""Puts data and scripts into a page so that no text can leave its place. Knows nothing of what they are."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
"""What could end a script element or a line of it, as JSON writes it otherwise."""


def as_data(value: object) -> str:
    """JSON for the inside of a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)


def allowed(script: str) -> str:
    """The source expression by which a content security policy admits this very inline script and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def packed(text: str) -> str:
    """gzip in base64: a third of a large script, and the browser reads on before it looks into it."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
