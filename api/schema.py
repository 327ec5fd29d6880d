"""What the resources' HTTP schemas are made of: texts with their limits, and two bases."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from triage.countries import COUNTRIES

MAX_COMMENT: Final = 10_000


class In(BaseModel):
    """Something a caller sends. A score of "9" or a misspelt field is a mistake best seen at once."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Out(BaseModel):
    """Something the service answers; the strings under its fields describe them in OpenAPI."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def _storable(text: str) -> str:
    """Refuse NUL: PostgreSQL cannot store it, and no survey means it."""
    if "\0" in text:
        raise ValueError("has a NUL character (\\u0000); remove it")
    return text


def _country(code: str) -> str:
    if (code := code.upper()) not in COUNTRIES:
        raise ValueError("unknown country; use ISO 3166-1 alpha-2, such as IT or GB")
    return code


def refused_id(item: Any) -> str | None:
    """Return the `external_id` of an item that was refused, where it has one that can be sent back."""
    value = item.get("external_id") if isinstance(item, dict) else None
    return value[:200].encode("utf-8", "replace").decode() if isinstance(value, str) else None


Comment = Annotated[str, Field(max_length=MAX_COMMENT), AfterValidator(_storable)]
Identifier = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Question = Annotated[str, Field(max_length=1_000), AfterValidator(_storable)]
AttributeText = Annotated[str, Field(max_length=1_000), AfterValidator(_storable)]
Country = Annotated[str, Field(max_length=20), AfterValidator(_country)]
Locale = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$")]
