"""JSON patch (RFC 6902), JSON merge patch (RFC 7386) and Kubernetes' strategic merge patch."""

from copy import deepcopy
from typing import Any

from simcluster import errors
from simcluster.schema.types import Node

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
_SCALAR = Node("scalar")


def rejected() -> errors.ApiError:
    """What the server says of a patch that does not fit the object."""
    return errors.ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def json_patch(document: Any, operations: Any) -> Any:
    """Raises 422 when a path is missing, an operation unknown or a test fails, 400 when the patch is no list."""
    if not isinstance(operations, list):
        told = "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        raise errors.bad_request(f"error decoding patch: {told}")
    document = deepcopy(document)
    for operation in operations:
        document = _operate(document, operation)
    return document


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), _steps(operation.get("path", ""))
    try:
        if kind in ("move", "copy"):
            source = _steps(operation["from"])
            value = deepcopy(_find(document, source))
            if kind == "move":
                _change(document, source, "remove", None)
            _change(document, path, "add", value)
        elif kind == "test":
            if _find(document, path) != operation.get("value"):
                raise rejected()
        elif kind in ("add", "remove", "replace"):
            if not path:
                return operation.get("value")
            _change(document, path, kind, operation.get("value"))
        else:
            raise rejected()
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise rejected() from error
    return document


def _steps(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _find(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def _change(document: Any, steps: list[str], kind: str, value: Any) -> None:
    holder, last = _find(document, steps[:-1]), steps[-1]
    if isinstance(holder, list):
        index = len(holder) if last == "-" else int(last)
        if kind == "add":
            if index > len(holder):
                raise IndexError(index)
            holder.insert(index, value)
        elif kind == "remove":
            del holder[index]
        else:
            holder[index] = value
    elif kind == "remove":
        del holder[last]
    elif kind == "replace" and last not in holder:
        raise KeyError(last)
    else:
        holder[last] = value


def merge_patch(document: Any, patch: Any) -> Any:
    """Null deletes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merge_patch(made.get(name), value)
    return made


def strategic_merge(document: Any, patch: Any, node: Node | None) -> Any:
    """As merge patch, but keyed lists merge by item; `$patch`, `$deleteFromPrimitiveList`, `$retainKeys` hold."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {name: value for name, value in patch.items() if name != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    made = dict(document) if isinstance(document, dict) else {}
    retained = patch.get("$retainKeys")
    if retained is not None:
        made = {name: value for name, value in made.items() if name in retained}
    for name, value in patch.items():
        if name.startswith("$setElementOrder/") or name in ("$retainKeys", "$patch"):
            continue
        if name.startswith("$deleteFromPrimitiveList/"):
            target = name.partition("/")[2]
            made[target] = [item for item in made.get(target, []) if item not in value]
            continue
        field = _field(node, name)
        if value is None:
            made.pop(name, None)
        elif isinstance(value, list) and field.merge_key is not None:
            order = patch.get(f"$setElementOrder/{name}")
            made[name] = _ordered(_merge_list(made.get(name) or [], value, field), order, field)
        else:
            made[name] = strategic_merge(made.get(name), value, field)
    return made


def _field(node: Node | None, name: str) -> Node:
    if node is None:
        return _SCALAR
    if node.kind == "map":
        return node.element
    return node.fields.get(name, _SCALAR)


def _merge_list(live: list[Any], patch: list[Any], field: Node) -> list[Any]:
    key = field.merge_key
    if not key:
        return live + [item for item in patch if item not in live]
    if any(item.get("$patch") == "replace" for item in patch if isinstance(item, dict)):
        return [item for item in patch if "$patch" not in item]
    made = list(live)
    for item in patch:
        places = [place for place, there in enumerate(made) if there.get(key) == item.get(key)]
        if item.get("$patch") == "delete":
            made = [there for there in made if there.get(key) != item.get(key)]
        elif places:
            made[places[0]] = strategic_merge(made[places[0]], item, field.element)
        else:
            made.append(item)
    return made


def _ordered(items: list[Any], order: list[Any] | None, field: Node) -> list[Any]:
    """Items named by $setElementOrder stand in its order; the others keep their places before them."""
    if not order:
        return items
    key = field.merge_key
    names = [item.get(key) if key else item for item in order]

    def place(item: Any) -> int:
        name = item.get(key) if key else item
        return names.index(name) if name in names else -1

    return sorted(items, key=place)
