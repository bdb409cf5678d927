"""What the owner of a fork server and the server say to each other: one JSON object a line."""

import json
import socket
from typing import Any


class Channel:
    """One end of a connection; messages arrive whole and in order."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._read = b""

    def send(self, message: dict[str, Any]) -> None:
        """Hand over a message.

        Raises:
            OSError: the other end is gone.
        """
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, timeout: float | None) -> dict[str, Any] | None:
        """The next message, or None when the other end is gone.

        Raises:
            TimeoutError: nothing came within `timeout` seconds.
        """
        self.connection.settimeout(timeout)
        try:
            while b"\n" not in self._read:
                part = self.connection.recv(65536)
                if not part:
                    return None
                self._read += part
        except BlockingIOError as error:
            raise TimeoutError from error
        except ConnectionError:
            return None
        finally:
            self.connection.settimeout(None)
        line, _, self._read = self._read.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Hang up; to the other end this is the end of the lease."""
        self.connection.close()
