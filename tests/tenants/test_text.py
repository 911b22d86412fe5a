"""Texts are English for programs and the reader's language where they are drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from jinja2 import Environment

from tenants import text as texts
from tenants.text import _, _c, _n, add_catalogs, freeze, languages, speaking, thaw

# Lithuanian has three forms, and nobody else here speaks it.
CATALOG = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=3; "
"plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Paused by {who}"
msgstr "Sustabdė {who}"

msgid "<b>risk</b>"
msgstr "<b>rizika</b>"

msgctxt "verb"
msgid "Open"
msgstr "Atidaryti"

msgid "{count} bot"
msgid_plural "{count} bots"
msgstr[0] "{count} robotas"
msgstr[1] "{count} robotai"
msgstr[2] "{count} robotų"
"""


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(texts, "_folders", dict(texts._folders))
    (tmp_path / "lt.po").write_text(CATALOG, encoding="utf-8")
    add_catalogs(tmp_path)
    yield
    texts._catalog.cache_clear()
    languages.cache_clear()


def test_drawn_in_the_readers_language_and_english_for_programs() -> None:
    text = _("Paused by {who}", who="Ada")
    with speaking("lt"):
        assert (str(text), f"{text}") == ("Sustabdė Ada", "Sustabdė Ada")
        assert text == "Paused by Ada"
        assert json.dumps({"text": text}) == '{"text": "Paused by Ada"}'
    assert str(text) == "Paused by Ada"


def test_a_region_falls_back_on_its_language_and_an_unknown_language_on_english() -> None:
    text = _("Paused by {who}", who="Ada")
    with speaking("lt-LT"):
        assert str(text) == "Sustabdė Ada"
    with speaking("xx"):
        assert str(text) == "Paused by Ada"


@pytest.mark.parametrize(
    ("count", "lithuanian", "english"), [(1, "robotas", "bot"), (3, "robotai", "bots"), (11, "robotų", "bots")]
)
def test_numbers_take_the_languages_own_forms(count: int, lithuanian: str, english: str) -> None:
    text = _n("{count} bot", "{count} bots", count)
    assert str(text) == f"{count} {english}"
    with speaking("lt"):
        assert str(text) == f"{count} {lithuanian}"


def test_a_context_tells_two_meanings_apart() -> None:
    with speaking("lt"):
        assert (str(_c("verb", "Open")), str(_("Open"))) == ("Atidaryti", "Open")


def test_templates_draw_and_escape_what_is_translated() -> None:
    environment = Environment(autoescape=True)
    template = environment.from_string("{{ a }} {{ b }} {{ b ~ '!' }}")
    with speaking("lt"):
        drawn = template.render(a=_("<b>risk</b>"), b=_("Paused by {who}", who="<i>"))
    assert drawn == "&lt;b&gt;rizika&lt;/b&gt; Sustabdė &lt;i&gt; Sustabdė &lt;i&gt;!"


def test_kept_as_json_for_readers_of_any_language() -> None:
    text = _n("{count} bot", "{count} bots", 3)
    nested = _("Paused by {who}", who=_c("verb", "Open"))
    kept = [thaw(json.loads(json.dumps(freeze(one)))) for one in (text, nested, "plain", deepcopy(nested))]
    with speaking("lt"):
        assert [str(one) for one in kept] == ["3 robotai", "Sustabdė Atidaryti", "plain", "Sustabdė Atidaryti"]
    assert str(kept[1]) == "Paused by Open"


def test_values_may_come_later() -> None:
    pattern = _("Paused by {who}")
    assert str(pattern) == "Paused by {who}"
    with speaking("lt"):
        assert str(pattern.format(who="Ada")) == "Sustabdė Ada"
