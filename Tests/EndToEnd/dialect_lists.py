"""
Finds lists of dialects in the tests, wherever somebody has written one: a list, tuple, set or dictionary two of whose
items speak of different dialects, by name or by a field that one dialect alone has; or two cases of `DialectName` in
brackets, or the import of two of their targets.
"""

import ast
import re
from functools import cache
from pathlib import Path

from dialects import CASES, CLIENT, NAMES, TOP


@cache
def fields() -> dict[str, str]:
    """Whose a field is, for those that only one dialect declares."""
    owners: dict[str, set[str]] = {}
    for name in NAMES:
        for folder in (TOP / "Sources").iterdir():
            if folder.name.lower() == name.replace("-", "") + "dialect":
                for path in folder.rglob("*.swift"):
                    for field in re.findall(r'FieldName\("([A-Za-z-]+)"\)', path.read_text()):
                        owners.setdefault(field.lower(), set()).add(name)
    return {field: next(iter(names)) for field, names in owners.items() if len(names) == 1}


def named(text: str) -> str | None:
    """The dialect whose name a text is, or begins with as a word: `file-id size`, `FileID`, `TUS`."""
    word = re.match(r"[A-Za-z-]*", text)[0].lower()
    for name in NAMES:
        if word in (name, name.replace("-", "")):
            return name
    return None


def spoken(node: ast.expr) -> set[str]:
    """The dialects of which an item speaks."""
    found = set()
    for part in ast.walk(node):
        word = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else None
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            word = part.value
            if part is not node and word.lower() in fields():
                found.add(fields()[word.lower()])
        if word is not None and (name := named(word)):
            found.add(name)
    return found


def items(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    return [key for key in node.keys if key is not None] if isinstance(node, ast.Dict) else []


def is_derived(node: ast.AST) -> bool:
    """Whether it has all that a list of dialects.py has, beside what it says itself."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return not names.isdisjoint({"CLIENT", "NAMES", "WAYS", "WHOLE"})


def of_python(path: Path) -> dict[str, set[str]]:
    """By where they are: a function, or the name of a value; the lists of one place together."""
    found: dict[str, set[str]] = {}

    def visit(node: ast.AST, place: str) -> None:
        for child in ast.iter_child_nodes(node):
            here = place
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                here = child.name
            elif isinstance(child, ast.Assign) and isinstance(node, ast.Module):
                here = ast.unparse(child.targets[0])
            each = [spoken(item) for item in items(child)]
            if len(set().union(*each)) > 1 and sum(map(bool, each)) > 1 and not is_derived(child):
                found.setdefault(f"{path.name}: {here}", set()).update(*each)
            else:
                visit(child, here)

    visit(ast.parse(path.read_text()), "")
    return found


def of_swift(path: Path) -> dict[str, set[str]]:
    """By file. What is derived from `DialectName.allCases`, or a switch, is no list."""
    text = path.read_text()
    imported = {named(word) or word for word in re.findall(r"^import (\w+)Dialect$", text, re.M)}
    found: set[str] = imported if len(imported) > 1 else set()
    for brackets in re.findall(r"\[[^\[\]{}]*\]", text):
        each = [CASES[word] for word in re.findall(r"\.(\w+)\b(?!\()", brackets) if word in CASES]
        if len(set(each)) > 1:
            found |= set(each)
    return {path.name: found} if found else {}


def wanted(place: str) -> set[str]:
    """What a list is compared with: what the client speaks is a list of its own."""
    file = place.partition(":")[0]
    is_of_client = file.startswith("test_put_") or bool(list(TOP.glob(f"Tests/UploadClientTests/{file}")))
    return set(CLIENT if is_of_client else NAMES)


def all_lists() -> dict[str, set[str]]:
    """Of every test but those that compare."""
    tests = TOP / "Tests"
    found: dict[str, set[str]] = {}
    for path in sorted(tests.rglob("*.py")):
        if path.name not in ("test_dialects.py", "dialect_lists.py"):
            found |= of_python(path)
    for path in sorted(tests.rglob("*.swift")):
        found |= of_swift(path)
    # It speaks of lists.
    found.pop("dialects.py: EXCUSED", None)
    return found
