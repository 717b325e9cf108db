"""Which files an export consists of: by its manifests where there are any, else every data file of the folder.

A manifest is matched to what lies below the location by the longest common suffix of its keys, so the location may be
the bucket, the prefix, the export or a copy of any of them.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent.errors import SourceError
from agent.period import Period

_MANIFEST = re.compile(r"(?:^|/)metadata/BILLING_PERIOD=(\d{4}-\d{2})/(?:.*/)?[^/]*manifest\.json$", re.IGNORECASE)
_IGNORED_PREFIXES = (".", "_")


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A data file. ``shown`` is its posix path below the location; ``export`` names the export it is a part of."""

    path: Path
    shown: str
    export: str
    period: Period | None = None
    """The one billing period its manifest states; None where only the rows tell."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The files to read, and whether a manifest proves that they are all."""

    files: tuple[ExportFile, ...]
    completeness: str


def find(location: Path, suffixes: Sequence[str], kind: str) -> Delivery:
    """The delivery at or below ``location``; files count by suffix. Raises ``SourceError`` for what is not whole."""
    if location.is_file():
        return Delivery((ExportFile(location, location.name, ""),), "not proven")
    if not location.is_dir():
        raise SourceError(
            "the export's location does not exist",
            where=str(location),
            expected=f"a file, or a folder at or above a {kind} export",
            mend="correct `location` of this source in apportion.yaml",
        )
    found = {path.relative_to(location).as_posix(): path for path in _walk(location)}
    data = {shown: path for shown, path in found.items() if shown.lower().endswith(tuple(suffixes))}
    manifests = {shown: path for shown, path in found.items() if _MANIFEST.search(shown)}
    if manifests:
        return Delivery(tuple(_listed(manifests, data)), "manifest")
    if not data:
        raise SourceError(
            "no export file lies here",
            where=str(location),
            expected=f"files ending in {', '.join(suffixes)}",
            mend="correct `location` of this source in apportion.yaml, or wait for the first delivery",
        )
    return Delivery(tuple(ExportFile(data[shown], shown, _folder(shown)) for shown in sorted(data)), "not proven")


def _walk(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(_IGNORED_PREFIXES):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.stat().st_size or path.suffix:
            yield path


def _folder(shown: str) -> str:
    return str(PurePosixPath(shown).parent)


def _listed(manifests: dict[str, Path], data: dict[str, Path]) -> list[ExportFile]:
    files: list[ExportFile] = []
    for (export, period), names in sorted(_current(manifests).items()):
        manifest = max(names)
        for key in _keys(manifests[manifest], manifest):
            shown = longest_suffix(key, data)
            if shown is None:
                raise SourceError(
                    f"the manifest lists {key}, which is not here",
                    where=manifest,
                    expected="every file of the delivery",
                    mend="copy the whole delivery; a part of it would understate the bill",
                )
            files.append(ExportFile(data[shown], shown, export, Period.parse(period)))
    return files


def _current(manifests: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Manifests by (export, period). Where runs are kept apart, the last in time (its folder's name) is in force."""
    by_period: dict[tuple[str, str], list[str]] = defaultdict(list)
    for shown in manifests:
        match = _MANIFEST.search(shown)
        if match is not None:
            by_period[shown[: match.start()], match[1]].append(shown)
    return by_period


def _keys(manifest: Path, shown: str) -> list[str]:
    try:
        content = json.loads(manifest.read_text("utf-8-sig"))
        keys = content["dataFiles"]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            "this is no manifest of AWS Data Exports",
            where=shown,
            expected="a JSON object with `dataFiles`",
            mend="copy the metadata folder of the export again",
        ) from error
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise SourceError("the manifest lists no files", where=shown, expected="at least one key in `dataFiles`")
    return keys


def longest_suffix(key: str, shown: Iterable[str]) -> str | None:
    """The path that shares the most trailing parts with a manifest's key; None when not even the name is there.

    Of several that match equally well none is taken: guessing would read another run's file.
    """
    parts = key.rpartition("://")[2].split("/")
    best: list[str] = []
    length = 0
    for path in shown:
        common = _common_suffix(parts, path.split("/"))
        if common > length:
            best, length = [path], common
        elif common == length and common:
            best.append(path)
    return best[0] if len(best) == 1 else None


def _common_suffix(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            return count
        count += 1
    return count
