"""Makes the OpenAPI document from the route table and pydantic's own JSON schemas."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from node.api.models import ProblemAnswer
from node.api.request_ids import HEADER
from node.api.routing import Media, Parameter, Route

OPENAPI_VERSION = "3.1.0"
REF = "#/components/schemas/{model}"
ALWAYS = (400, 500, 503)
"""Every route may give these: a bad query or path, our own fault, no connection left."""

REQUEST_ID: Mapping[str, Any] = {
    "description": "The request's id in the node's log: the client's own where it sent one that is"
    " well-formed, else a new one.",
    "schema": {"type": "string"},
}

Schemas = dict[Any, dict[str, Any]]


def make_document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document; valid OpenAPI 3.1."""
    schemas, definitions = _make_schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Quorate node",
            "version": version,
            "description": "Amounts are decimal strings, bytes lower-case hex. Errors are problem "
            "documents (RFC 9457) with a stable `reason`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": definitions, "headers": {HEADER: REQUEST_ID}},
    }


def _make_schemas(routes: Iterable[Route]) -> tuple[Schemas, dict[str, Any]]:
    """A reference per model, and the definitions they refer to."""
    answers = {_get_model(answer) for route in routes for answer in route.answers.values()}
    bodies = {model for route in routes for model in route.bodies.values() if _is_model(model)}
    wanted: list[tuple[Any, Any]] = [
        *((model, "serialization") for model in answers if _is_model(model)),
        *((model, "validation") for model in bodies),
        (ProblemAnswer, "serialization"),
    ]
    wanted.sort(key=lambda item: (item[0].__name__, item[1]))
    references, definitions = models_json_schema(wanted, ref_template=REF)
    schemas: Schemas = {model: schema for (model, _), schema in references.items()}
    return schemas, definitions["$defs"]


def _get_model(answer: type[BaseModel] | Media | str) -> type[BaseModel] | str | None:
    return answer.model if isinstance(answer, Media) else answer


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [_parameter(one) for one in route.parameters],
        "responses": _responses(route, schemas),
    }
    if route.description:
        operation["description"] = route.description
    if route.bodies:
        content = {
            media: {"schema": _schema(kind, schemas)} for media, kind in route.bodies.items()
        }
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _operation_id(route: Route) -> str:
    words = route.path.replace("{", "").replace("}", "").replace(".", "-").strip("/").split("/")
    return "-".join([route.method.lower(), *filter(None, words)]) or "index"


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "in": one.where,
        "required": one.where == "path",
        "description": one.description,
        "schema": dict(one.schema),
    }


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    responses = {
        str(status): _response(status, kind, schemas) for status, kind in route.answers.items()
    }
    problem = {"application/problem+json": {"schema": schemas[ProblemAnswer]}}
    for status in sorted({*ALWAYS, *route.problems} - set(route.answers)):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    for response in responses.values():
        response["headers"] = {HEADER: {"$ref": f"#/components/headers/{HEADER}"}}
    return responses


def _response(status: int, kind: type[BaseModel] | Media | str, schemas: Schemas) -> dict[str, Any]:
    description = HTTPStatus(status).phrase
    if isinstance(kind, Media):
        if not kind.name:
            return {"description": description}
        carried = {} if kind.model is None else {"schema": _stream_schema(schemas[kind.model])}
        return {"description": description, "content": {kind.name: carried}}
    if isinstance(kind, str):
        return {"description": description, "content": {kind: {}}}
    return {"description": description, "content": {"application/json": {"schema": schemas[kind]}}}


def _stream_schema(model: dict[str, Any]) -> dict[str, Any]:
    """One server-sent event, as tools read it that know such streams."""
    text: dict[str, Any] = {"type": "string"}
    data = {**text, "contentMediaType": "application/json", "contentSchema": model}
    fields = {"id": text, "event": text, "data": data, "retry": {"type": "integer"}}
    return {"type": "object", "properties": fields}


def _schema(kind: type[BaseModel] | Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    return dict(kind) if isinstance(kind, Mapping) else schemas[kind]
