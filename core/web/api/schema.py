"""Models that forms are made from, described for programs: hints for people's forms are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from litestar.openapi.spec import Schema
from litestar.params import KwargDefinition
from litestar.plugins.pydantic import PydanticSchemaPlugin
from litestar.plugins.pydantic.utils import get_model_info
from litestar.typing import FieldDefinition

if TYPE_CHECKING:
    from litestar._openapi.schema_generation.schema import SchemaCreator

__all__ = ["FormSchemaPlugin"]

_KNOWN = frozenset(Schema.__dataclass_fields__) | frozenset(Schema().field_aliases())


class FormSchemaPlugin(PydanticSchemaPlugin):
    """Litestar refuses what OpenAPI does not know in a field's ``json_schema_extra``; our forms keep their hints there."""

    @classmethod
    def for_pydantic_model(cls, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """As Litestar's own, over fields without hints."""
        info = get_model_info(field_definition.annotation, prefer_alias=schema_creator.prefer_alias)
        fields = {name: _without_hints(item) for name, item in info.field_definitions.items()}
        return schema_creator.create_component_schema(
            field_definition,
            required=sorted(item.name for item in info.field_definitions.values() if item.is_required),
            property_fields=fields,
            title=info.title,
        )


def _without_hints(field: FieldDefinition) -> FieldDefinition:
    kwarg = field.kwarg_definition
    if not isinstance(kwarg, KwargDefinition) or not kwarg.schema_extra:
        return field
    known = {key: value for key, value in kwarg.schema_extra.items() if key in _KNOWN}
    return replace(field, kwarg_definition=replace(kwarg, schema_extra=known or None))
