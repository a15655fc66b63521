"""Canonical JSON as the product signs it: RFC 8785 rules for the values used here."""

import json
from decimal import Decimal
from typing import Any

DIGITS = 6


def canonical_json(value: Any) -> bytes:
    """Return sorted, compact UTF-8 JSON without a final newline; floats round to 6 digits."""
    return _text(value).encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_string(key)}:{_text(value[key])}" for key in keys) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(item) for item in value) + "]"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    raise TypeError(f"not a JSON value: {type(value).__name__}")


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _float(value: float) -> str:
    """Print a float as JavaScript does; six digits never reach its exponent notation."""
    rounded = round(value, DIGITS)
    if rounded == int(rounded):
        return str(int(rounded))
    return format(Decimal(repr(float(rounded))), "f")
