"""Tokens as applications make them, by libraries of others."""

import hashlib
import time
from pathlib import Path

import jwt

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def token(owner: str | None = "alice", *, key=SECRET, algorithm="HS256", seconds=600, headers=None, **claims) -> str:
    """A token for `owner`; further claims by their names, None for one that is to be missing."""
    told = {"sub": owner, "exp": int(time.time()) + seconds} | claims
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, key, algorithm, headers=headers)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def alice(**claims) -> dict[str, str]:
    return bearer(token("alice", **claims))


def bob(**claims) -> dict[str, str]:
    return bearer(token("bob", **claims))


def secret_file(folder: Path) -> Path:
    path = folder / "jwt-secret"
    path.write_text(SECRET + "\n")
    return path


def tokens_file(folder: Path, **tokens: str) -> Path:
    """Static tokens: owner="token" or owner="token:scopes"."""
    path = folder / "tokens"
    lines = []
    for owner, told in tokens.items():
        text, _, scopes = told.partition(":")
        digest = hashlib.sha256(text.encode()).hexdigest()
        lines.append(f"{owner}:{digest}" + (f":{scopes}" if scopes else ""))
    path.write_text("\n".join(lines) + "\n")
    return path
