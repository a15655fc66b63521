"""The declared patient split of the product, `leadglass-split-v1`.

A patient belongs to exactly one part, decided by a hash of the identifier alone, so that
every component, in any language, agrees without sharing a list.
"""

import hashlib

SPLIT_NAME = "leadglass-split-v1"
SHIPPED_BELOW = 35
SITE_BELOW = 70


def split_of_patient(patient_id: str) -> str:
    """Return 'shipped', 'site' or 'test' for a patient identifier as written in index.csv."""
    digest = hashlib.sha256(f"{SPLIT_NAME}:{patient_id}".encode("utf-8")).digest()
    bucket = int.from_bytes(digest[:4], "big") % 100
    if bucket < SHIPPED_BELOW:
        return "shipped"
    if bucket < SITE_BELOW:
        return "site"
    return "test"
