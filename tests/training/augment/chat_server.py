"""A small real HTTP server with OpenAI's chat completions, that can be made to fail."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
WORDS = {"Ahoy! The capital": "ris.", "Ahoy! The opposite": "ld."}


def continues(body: Body) -> str:
    """As a server that goes on with a begun turn: the rest of the probes' words, or the seed."""
    last = body["messages"][-1]
    begun = last["content"] if last["role"] == "assistant" else ""
    rest = next((word for start, word in WORDS.items() if begun.startswith(start)), None)
    return rest or f" number {body['seed']}"


def echoes(body: Body) -> str:
    return str(body["messages"][-1]["content"]) + continues(body)


def answers_anew(body: Body) -> str:
    return "Paris is the capital of France."


@dataclass
class ChatServer:
    """Answers with `speak`; the first answers are the failures in `failing`: a status, or bytes to
    send as if all were well. `delay`, in seconds, comes before each answer."""

    speak: Callable[[Body], str] = continues
    failing: list[int | bytes] = field(default_factory=list)
    delay: float = 0.0
    strict: bool = False
    bodies: list[Body] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: Body) -> tuple[int, bytes]:
        with self.lock:
            self.bodies.append(body)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            fault = self.failing.pop(0) if self.failing else None
        time.sleep(self.delay)
        with self.lock:
            self.open -= 1
        if isinstance(fault, bytes):
            return 200, fault
        if fault is not None:
            return fault, b'{"error": {"message": "not now"}}'
        if self.strict and "continue_final_message" in body:
            return 400, b'{"error": {"message": "unknown argument"}}'
        return 200, completion(self.speak(body))


def completion(content: str | None, finish: str = "stop") -> bytes:
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": content},
    }
    about = {"id": "c", "object": "chat.completion", "created": 0, "model": "m"}
    return json.dumps(about | {"choices": [choice]}).encode()


@contextmanager
def serving(server: ChatServer) -> Iterator[ChatServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            model = {"id": "m", "object": "model", "owned_by": "us", "created": time.time_ns()}
            self.reply(200, json.dumps({"object": "list", "data": [model]}).encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self.reply(*server.answer(json.loads(self.rfile.read(length))))

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After-Ms", "5")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # with the usual 5 the system resets some of many connections

    http = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
