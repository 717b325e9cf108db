"""Tag keys and values as they are compared: folded, whatever the export did to their spelling.

Every export spells the key ``Tenant`` its own way: ``resourceTags/user:Tenant``, ``user_tenant``, `` tenant``. Raw
keys are stored as delivered; only comparisons go through this module.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

PREFIXES = ("resourcetags/user:", "resource_tags_user_", "resourcetags/", "user:", "user_")
"""What providers put before a user's key, longest first. ``aws:`` and its like belong to the key and stay."""
LOSSY_PREFIXES = ("resource_tags_user_", "user_")
"""Prefixes of exports that lost case and punctuation (CUR 2.0, Athena): ``te-nant`` arrives as ``te_nant``."""
_LOSSY_MARK = "\0"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def _punctuation_lost(folded: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in folded)


@lru_cache(maxsize=65536)
def fold_key(key: str, *, lossy: bool = False) -> str:
    """The key as compared: provider prefix stripped, NFC, trimmed, casefolded.

    ``lossy``: everything but letters and digits counts as ``_`` as well. A prefix alone is a key of its own.
    """
    folded = _plain(key)
    for prefix in PREFIXES:
        if folded.startswith(prefix) and len(folded) > len(prefix):
            folded = folded[len(prefix) :].strip()
            break
    return _punctuation_lost(folded) if lossy else folded


@lru_cache(maxsize=65536)
def fold_value(value: str) -> str:
    """A tag value or customer id as compared: NFC, trimmed, casefolded."""
    return _plain(value)


def _written_forms(key: str) -> frozenset[str]:
    # NOTE: a configured ``user_id`` may mean the key of that name or the key ``id`` in CUR 2.0; both are understood
    plain, stripped = _plain(key), fold_key(key)
    lossy = {_LOSSY_MARK + _punctuation_lost(form) for form in (plain, stripped)}
    return frozenset({plain, stripped} | lossy)


@lru_cache(maxsize=65536)
def _delivered_forms(key: str) -> frozenset[str]:
    plain = _plain(key)
    if plain.startswith(LOSSY_PREFIXES):
        return frozenset({plain, _LOSSY_MARK + fold_key(key, lossy=True)})
    return frozenset({plain, fold_key(key)})


class TagKey:
    """One key a rule names, with every spelling it may have in a bill."""

    __slots__ = ("_forms", "canonical", "spellings")

    def __init__(self, canonical: str, spellings: Iterable[str]) -> None:
        self.canonical = canonical
        self.spellings = tuple(spellings)
        self._forms = frozenset[str]().union(*map(_written_forms, self.spellings))

    def names(self, delivered: str) -> bool:
        """Whether a key as delivered in a bill is this key, by any spelling."""
        return not self._forms.isdisjoint(_delivered_forms(delivered))

    def exactly(self, delivered: str) -> bool:
        """Whether the key is written as the policy wants it, as far as the export lets one see."""
        plain = _plain(delivered)
        if plain.startswith(LOSSY_PREFIXES):
            return fold_key(delivered, lossy=True) == fold_key(self.canonical, lossy=True)
        prefix = next((prefix for prefix in PREFIXES if plain.startswith(prefix)), "")
        return delivered[len(prefix) :] == self.canonical


def canonical_json(tags: Mapping[str, str]) -> str:
    """The tag set as one text: a JSON object sorted by raw key, no spaces, characters as they are."""
    return json.dumps(tags, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def tagset_id(tags: Mapping[str, str]) -> str:
    """32 hex digits: the md5 of the canonical JSON, the same digits on every engine. No security rests on it."""
    return hashlib.md5(canonical_json(tags).encode(), usedforsecurity=False).hexdigest()
