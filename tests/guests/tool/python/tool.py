"""The tool in Python. Arguments, variables and files are the standard library's; HTTP is `wasi:http`."""

import json
import os
import sys
import time
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import outgoing_handler
from wit_world.imports import wasi_http_types as http
from wit_world.imports.streams import StreamError_Closed


def files(folder):
    path = os.path.join(folder, "first.txt")
    with open(path, "w") as file:
        file.write("one\ntwo\n")
    with open(path, "a") as file:
        file.write("three\n")
    os.mkdir(os.path.join(folder, "deep"))
    os.rename(path, os.path.join(folder, "deep", "second.txt"))
    with open(os.path.join(folder, "deep", "second.txt")) as file:
        print(file.read().split("\n"))
    print(sorted(os.listdir(folder)), os.stat(os.path.join(folder, "deep", "second.txt")).st_size)
    for name in ("missing.txt", "../outside.txt"):
        try:
            open(os.path.join(folder, name))
        except OSError:
            print("cannot open", name)


def read_all(body):
    parts = []
    with body.stream() as stream:
        try:
            while True:
                parts.append(stream.blocking_read(1 << 16))
        except Err as error:
            if not isinstance(error.value, StreamError_Closed):
                raise
    http.IncomingBody.finish(body)
    return b"".join(parts)


def ask(method, url, content=None):
    parts = urlsplit(url)
    request = http.OutgoingRequest(http.Fields.from_list([("x-asked-by", b"tool")]))
    request.set_method(method)
    request.set_scheme(http.Scheme_Https() if parts.scheme == "https" else http.Scheme_Http())
    request.set_authority(parts.netloc)
    request.set_path_with_query(parts.path + ("?" + parts.query if parts.query else ""))
    body = request.body()
    try:
        future = outgoing_handler.handle(request, None)
    except Err as error:
        return f"not asked: {type(error.value).__name__}"
    with body.write() as stream:
        for at in range(0, len(content or b""), 4096):
            stream.blocking_write_and_flush(content[at : at + 4096])
    http.OutgoingBody.finish(body, None)
    with future.subscribe() as pollable:
        pollable.block()
    answer = future.get()
    if not isinstance(answer, Ok) or not isinstance(answer.value, Ok):
        return f"no answer: {type(answer.value.value).__name__}"
    response = answer.value.value
    field = [value.decode() for value in response.headers().get("x-answer")]
    text = read_all(response.consume())
    return f"{response.status()} {field} {len(text)} {text[:40].decode()}"


def main(command, arguments):
    match command:
        case "hello":
            print("Hello, world!")
        case "arguments":
            print(json.dumps(arguments, ensure_ascii=False))
        case "environment":
            for name in arguments:
                print(f"{name}={os.environ.get(name, '(not set)')}")
        case "files":
            files(*arguments)
        case "json":
            value = json.load(sys.stdin)
            print(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False))
            print("sum", sum(item["amount"] for item in value["items"]))
        case "get":
            print(ask(http.Method_Get(), *arguments))
        case "post":
            url, size = arguments
            print(ask(http.Method_Post(), url, b"x" * int(size)))
        case "sleep":
            before = time.monotonic()
            time.sleep(0.05)
            print("slept" if time.monotonic() - before >= 0.05 else "did not sleep")
        case "random":
            print(len(set(os.urandom(64))) > 16)
        case "error":
            print("an error", file=sys.stderr)
        case "exit":
            sys.exit(int(arguments[0]))
        case "fail":
            raise RuntimeError("a mistake")
        case _:
            print("unknown command", command, file=sys.stderr)
            sys.exit(2)


class Run(exports.Run):
    def run(self):
        main(sys.argv[1], sys.argv[2:])
