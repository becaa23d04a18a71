"""Files inside the page, which therefore asks the network nothing."""

from __future__ import annotations

import base64


def data_uri(kind: str, data: bytes) -> str:
    """A file as an address that holds it.

    Args:
        kind: its media type.
        data: its bytes.

    >>> data_uri("text/plain", b"hello")
    'data:text/plain;base64,aGVsbG8='
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
