"""A tusd data directory, as tusd's file store writes it."""

import json
import uuid
from pathlib import Path


class TusdFolder:
    def __init__(self, path: Path):
        self.path = path
        path.mkdir()

    def add(self, body: bytes = b"", size: int | None = None, id: str | None = None, *, deferred=False, metadata=None,
            partial=False, parts=None, **changes) -> str:
        """An upload that has `body` of `size` bytes (all of them, unless told); `changes` replace what its .info says."""
        id = id or uuid.uuid4().hex
        info = {
            "ID": id, "Size": 0 if deferred else len(body) if size is None else size, "SizeIsDeferred": deferred, "Offset": 0,
            "MetaData": {"filename": "film.mp4", "filetype": "video/mp4"} if metadata is None else metadata,
            "IsPartial": partial, "IsFinal": parts is not None, "PartialUploads": parts,
            "Storage": {"InfoPath": f"/srv/tusd/{id}.info", "Path": f"/srv/tusd/{id}", "Type": "filestore"},
        } | changes
        self.info(id, json.dumps(info))
        (self.path / id).write_bytes(body)
        return id

    def info(self, id: str, text: str | bytes) -> None:
        (self.path / f"{id}.info").write_bytes(text.encode() if isinstance(text, str) else text)

    def content(self) -> dict[str, bytes]:
        """Everything that lies there."""
        return {str(path.relative_to(self.path)): path.read_bytes() for path in self.path.rglob("*") if path.is_file()}
