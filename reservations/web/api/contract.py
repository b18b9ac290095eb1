"""Reading a request by its schema: what does not fit becomes one refusal with a line a field.

APIFlask reads through an adapter; this one takes its place. It reads JSON as JSON (not whatever
else is sent), refuses fields that the schema does not have, and answers with our codes and words:
pydantic's English and what was sent never travel back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import UnsupportedMediaType

from reservations.errors import Refusal, RefusalCode

# The code and the words of each mistake, by pydantic's type of error or by our own.
_UNKNOWN = ("invalid", _l("この項目の値は使えません。"))
MISTAKES: dict[str, tuple[str, Any]] = {
    "missing": ("missing", _l("この項目が必要です。")),
    "extra_forbidden": ("unknown_field", _l("知らない項目があります。使える項目: %(known)s")),
    "repeated": ("repeated", _l("この項目が二度以上あります。一度だけ送ってください。")),
    "json_invalid": ("not_json", _l("JSONとして読めません。")),
    "model_type": ("not_an_object", _l("JSONのオブジェクト（{ }）を送ってください。")),
    "int_type": ("not_a_number", _l("整数で送ってください。")),
    "int_from_float": ("not_a_number", _l("整数で送ってください。")),
    "int_parsing_size": ("too_large", _l("数が大きすぎます。")),
    "not_a_number": ("not_a_number", _l("整数で送ってください。")),
    "greater_than_equal": ("too_small", _l("%(ge)s以上にしてください。")),
    "less_than_equal": ("too_large", _l("%(le)s以下にしてください。")),
    "string_type": ("not_text", _l("文字で送ってください。")),
    "string_unicode": ("not_text", _l("文字で送ってください。")),
    "string_pattern_mismatch": ("invalid", _l("この項目の値は使えません。")),
    "not_a_day": (
        "not_a_day",
        _l("2000年から2099年までの日付を 2026-06-13 の形で送ってください。"),
    ),
    "not_a_time": ("not_a_time", _l("時刻を 18:00 の形で送ってください。")),
    "no_length": ("no_length", _l("終わりの時刻を、始まりと別の時刻にしてください。")),
    "not_a_point": ("not_a_point", _l("緯度と経度を 36.56,136.65 の形で送ってください。")),
    "not_town_codes": (
        "not_town_codes",
        _l("6けたの団体コードを 172014,172120 の形で送ってください。"),
    ),
    "literal_error": ("not_a_choice", _l("次のどれかを送ってください: %(expected)s")),
    "not_a_key": ("not_a_key", _l("受付キーは、空白のない英数記号255文字までにしてください。")),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that does not fit. `field` is a name of the schema; empty: the whole request."""

    field: str
    kind: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)

    def document(self) -> dict[str, str]:
        """As it stands in a problem document, in the reader's language."""
        code, words = MISTAKES.get(self.kind, _UNKNOWN)
        return {"field": self.field, "code": code, "detail": str(words) % self.params}


class MalformedRequest(Refusal):
    """The refusal `malformed`, with what is wrong in which field."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(RefusalCode.MALFORMED)
        self.mistakes = mistakes

    def documents(self) -> list[dict[str, str]]:
        return [mistake.document() for mistake in self.mistakes]


class ContractAdapter(PydanticAdapter):
    """How APIFlask reads and describes our schemas."""

    def validate_input(self, request: Request, location: str, **_: Any) -> BaseModel:
        """raises   MalformedRequest; UnsupportedMediaType for a body that is not JSON"""
        assert location in ("json", "query"), location
        try:
            if location == "json":
                return self.model_class.model_validate_json(_json_of(request))
            return self.model_class.model_validate(
                _query_of(request, known=set(self.model_class.model_fields))
            )
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            raise MalformedRequest(*(self._mistake(each) for each in details)) from None

    def _mistake(self, detail: ErrorDetails) -> Mistake:
        if detail["type"] == "extra_forbidden":
            # The name of a field that we do not know was made up by the sender: it stays here.
            return Mistake("", detail["type"], {"known": ", ".join(self.model_class.model_fields)})
        name = str(detail["loc"][0]) if detail["loc"] else ""
        return Mistake(name, detail["type"], dict(detail.get("ctx", {})))

    def get_openapi_schema(self, **_: Any) -> dict[str, Any]:
        """The schema alone: what it refers to is added once for all (openapi.py)."""
        found = self.model_class.model_json_schema(ref_template=REF_TEMPLATE)
        found.pop("$defs", None)
        return found


REF_TEMPLATE = "#/components/schemas/{model}"
registry.register("pydantic", ContractAdapter)


def _json_of(request: Request) -> bytes:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return request.get_data(cache=False)


def _query_of(request: Request, known: set[str]) -> dict[str, str]:
    """The query's values; a known one that is left empty counts as not sent."""
    found: dict[str, str] = {}
    repeated = []
    for name, values in request.args.lists():
        if len(values) > 1:
            repeated.append(name)
        elif values[0] or name not in known:
            found[name] = values[0]
    if repeated:
        raise MalformedRequest(Mistake("", "repeated"))
    return found
