"""What all JSON answers have in common."""

from pydantic import BaseModel, ConfigDict


class ResponseModel(BaseModel):
    """A part of an answer: frozen, so that an answer that is kept cannot be changed."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)
