"""Texts for people, in the reader's language.

A text is marked where it is written: ``_("Paused by {who}", who=name)``. What that gives is a string whose own value is
English, for programs and logs, and which becomes the reader's language when it is drawn: in a template, by ``str()`` or in
an f-string. The language is the one bound by :func:`speaking`; English outside of it.

Catalogs are files ``<language>.po`` in the folders that :func:`add_catalogs` names; a text that a catalog lacks stays English.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

__all__ = [
    "SOURCE",
    "Frozen",
    "Text",
    "_",
    "_c",
    "_n",
    "add_catalogs",
    "freeze",
    "language",
    "languages",
    "speak",
    "speaking",
    "thaw",
]

SOURCE: Final = "en"
"""The language that texts are written in."""
_language: ContextVar[str] = ContextVar("language", default=SOURCE)
_folders: dict[Path, None] = {}

Frozen = dict[str, Any]
"""A text as JSON keeps it."""


class Text(str):
    """A text in English that is drawn in the reader's language."""

    message: str
    plural: str
    context: str
    values: Mapping[str, Any]

    def __new__(cls, message: str, values: Mapping[str, Any], plural: str = "", context: str = "") -> Text:
        pattern = message if not plural or values["count"] == 1 else plural
        made = super().__new__(cls, _filled(pattern, values))
        made.message, made.plural, made.context, made.values = message, plural, context, values
        return made

    def __str__(self) -> str:
        return _filled(self._pattern(_language.get()), self.values)

    def __html__(self) -> Markup:
        return escape(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.message, dict(self.values), self.plural, self.context)

    def format(self, *_args: object, **values: object) -> Text:
        """The same text with values for the names in braces."""
        return Text(self.message, {**self.values, **values}, self.plural, self.context)

    def _pattern(self, wanted: str) -> str:
        catalog = _catalog(wanted)
        key = f"{self.context}\x04{self.message}" if self.context else self.message
        found = catalog.texts.get(key)
        if not found:
            return self.message if not self.plural or self.values["count"] == 1 else self.plural
        if isinstance(found, str):
            return found
        return found[catalog.form(int(self.values["count"]))] if self.plural else found[0]


class _Catalog:
    """The texts of one language from all folders."""

    def __init__(self, texts: Mapping[str, str | tuple[str, ...]], form: Callable[[int], int]) -> None:
        self.texts, self.form = texts, form


def _(message: str, **values: Any) -> Text:
    """A text with named values: ``_("{master} was paused", master=name)``. ``message`` is written out, or nobody can translate it."""
    return Text(message, values)


def _n(one: str, many: str, count: int, **values: Any) -> Text:
    """A text that depends on a number: ``_n("{count} bot", "{count} bots", n)``."""
    return Text(one, {"count": count, **values}, many)


def _c(context: str, message: str, **values: Any) -> Text:
    """A text that needs a context to be understood: ``_c("verb", "Open")``."""
    return Text(message, values, context=context)


def add_catalogs(folder: Path) -> None:
    """Take a folder's catalogs into use. Later folders do not replace what earlier ones say."""
    if folder.is_dir() and folder not in _folders:
        _folders[folder] = None
        _catalog.cache_clear()
        languages.cache_clear()


@lru_cache(maxsize=1)
def languages() -> Mapping[str, str]:
    """The languages that pages can be read in, each by its own name, by tag."""
    tags = {SOURCE, *(path.stem for folder in _folders for path in folder.glob("*.po"))}
    return {tag: str(Locale.parse(tag, sep="-").get_language_name(tag) or tag).capitalize() for tag in sorted(tags)}


def language() -> str:
    """The language that is spoken here."""
    return _language.get()


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Draw texts in a language (BCP 47) for the block."""
    token = _language.set(tag)
    try:
        yield
    finally:
        _language.reset(token)


def speak(tag: str) -> None:
    """Draw texts in a language for the rest of this context, such as a request."""
    _language.set(tag)


def freeze(text: str) -> Frozen:
    """A text as JSON, so that each reader gets it in their own language."""
    if not isinstance(text, Text):
        return {"message": text}
    kept: Frozen = {"message": text.message}
    if text.values:
        kept["values"] = {
            key: freeze(value) if isinstance(value, Text) else value if isinstance(value, int) else str(value)
            for key, value in text.values.items()
        }
    return kept | {key: value for key, value in (("plural", text.plural), ("context", text.context)) if value}


def thaw(kept: Mapping[str, Any]) -> Text:
    """The text that :func:`freeze` has kept."""
    values = {
        key: thaw(value) if isinstance(value, Mapping) else value for key, value in kept.get("values", {}).items()
    }
    return Text(kept["message"], values, kept.get("plural", ""), kept.get("context", ""))


def _filled(pattern: str, values: Mapping[str, Any]) -> str:
    if not values:
        return pattern
    return pattern.format_map(values)


@lru_cache(maxsize=32)
def _catalog(tag: str) -> _Catalog:
    """The catalog of a language; of its base language where the region has none."""
    texts: dict[str, str | tuple[str, ...]] = {}
    form: Callable[[int], int] = _english
    for name in dict.fromkeys((tag, tag.replace("_", "-").partition("-")[0])):
        for path in (folder / f"{name}.po" for folder in _folders):
            if not path.is_file() or name == SOURCE:
                continue
            with path.open("rb") as file:
                catalog = read_po(file, locale=_known(name))
            form = gettext.c2py(str(catalog.plural_expr))
            for message in catalog:
                one = message.id if isinstance(message.id, str) else message.id[0]
                said: str | tuple[str, ...] = (
                    message.string if isinstance(message.string, str) else tuple(message.string or ())
                )
                if one and said and all(said) and not message.fuzzy:
                    texts.setdefault(f"{message.context}\x04{one}" if message.context else one, said)
    return _Catalog(texts, form)


def _known(name: str) -> str | None:
    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    return name.replace("-", "_")


def _english(count: int) -> int:
    return int(count != 1)
