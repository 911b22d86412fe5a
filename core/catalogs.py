"""Catalogs of texts: collected from code and templates, kept with their translations, and checked."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

__all__ = ["Finding", "collect", "findings", "read", "update"]

KEYWORDS: Final[Mapping[str, Any]] = {"_": None, "_n": (1, 2), "_c": ((1, "c"), 2)}
METHODS: Final = [
    ("**/static/**", "ignore"),
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**.html", "jinja2"),
]
OPTIONS: Final = {"**.html": {"encoding": "utf-8", "silent": "false", "extensions": "jinja2.ext.do"}}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a text of a catalog: it is ``missing``, ``left over``, or its ``names`` in braces differ."""

    kind: str
    message: str


def collect(folders: Mapping[str, Path], known: Catalog | None = None) -> Catalog:
    """The texts that are marked in folders (name → folder), without those of a catalog that is known already."""
    made = Catalog(charset="utf-8")
    for name, folder in folders.items():
        found = extract_from_dir(folder, METHODS, OPTIONS, KEYWORDS)
        for file, _line, message, _comments, context in found:
            single = message[0] if isinstance(message, tuple) else message
            if single and not (known and known.get(single, context)):
                made.add(message, locations=[(f"{name}/{file}", 0)], context=context)
    return made


def read(file: Path) -> Catalog:
    """A catalog of translations; an empty one where there is no file yet. Its language is the file's name."""
    locale = str(Locale.parse(file.stem, sep="-"))
    if not file.is_file():
        return Catalog(locale=locale, charset="utf-8", fuzzy=False)
    with file.open("rb") as source:
        return read_po(source, locale=locale)


def update(file: Path, texts: Catalog) -> Catalog:
    """Bring a file of translations to the texts that there are: new ones come in empty, those that are gone go."""
    catalog = read(file)
    catalog.update(texts, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    kept = Catalog(locale=catalog.locale, charset="utf-8", fuzzy=False)
    for message in sorted(catalog, key=lambda one: (str(one.id), one.context or "")):
        if message.id:
            kept.add(message.id, message.string, context=message.context)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as target:
        write_po(target, kept, width=140, omit_header=True)
    return kept


def findings(catalog: Catalog, texts: Catalog) -> Iterator[Finding]:
    """What keeps a catalog from being whole."""
    for message in texts:
        if not message.id:
            continue
        said = catalog.get(_single(message), message.context)
        strings = [] if said is None else [said.string] if isinstance(said.string, str) else list(said.string or ())
        if not strings or not all(strings):
            yield Finding("missing", _single(message))
        elif any(_names(one) != _names(_single(message)) for one in strings):
            yield Finding("names", _single(message))
    for message in catalog:
        if message.id and texts.get(_single(message), message.context) is None:
            yield Finding("left over", _single(message))


def _single(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str(message.id[0])


def _names(pattern: str) -> frozenset[str]:
    # The number itself may be left out of the form for one: "one bot".
    return frozenset(name for _, name, _, _ in string.Formatter().parse(pattern) if name and name != "count")
