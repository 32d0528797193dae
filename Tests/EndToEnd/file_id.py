"""The file-id dialect in three calls."""

from wire import Answer, Line, ask


def status(port: int, file_id: str, tls: bool = False) -> int:
    """What the server says it has."""
    answer = ask(port, "GET", "/status", {"X-File-Id": file_id}, tls=tls)
    assert answer.status == 200, (answer.status, answer.reason, answer.body)
    return int(answer.body)


def begin(line: Line, file_id: str, start: int, length: int) -> None:
    """Sends the head of an append."""
    line.head("POST", "/upload", {"X-File-Id": file_id, "X-Start-Byte": start}, length)


def append(port: int, file_id: str, start: int, data: bytes, tls: bool = False) -> Answer:
    """One whole append."""
    return ask(port, "POST", "/upload", {"X-File-Id": file_id, "X-Start-Byte": start}, data, tls)
