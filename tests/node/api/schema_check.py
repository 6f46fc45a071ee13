"""Does an answer fit what the OpenAPI document says of it."""

from typing import Any

from openapi_schema_validator import OAS31Validator

from tests.node.api.conftest import Reply


def check_answer(document: Any, method: str, template: str, reply: Reply) -> None:
    """The status is declared, the media type too, and the body fits the schema."""
    operation = document["paths"][template][method.lower()]
    declared = operation["responses"].get(str(reply.status))
    assert declared is not None, f"{method} {template}: {reply.status} is not declared"
    media = reply.headers["Content-Type"].split(";")[0]
    assert media in declared["content"], f"{method} {template}: {media} is not declared"
    schema = declared["content"][media].get("schema", {})
    validator = OAS31Validator({**schema, "components": document["components"]})
    faults = [f"{list(fault.path)}: {fault.message}" for fault in validator.iter_errors(reply.json)]
    assert not faults, f"{method} {template}: {faults}"
