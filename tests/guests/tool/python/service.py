"""The service in Python."""

import json

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import outgoing_handler, types
from wit_world.imports.streams import StreamError_Closed


def respond(response_out, status, fields, parts):
    """Answers with a body of these parts, each of which goes out before the next one is asked for."""
    response = types.OutgoingResponse(types.Fields.from_list([(name, value.encode()) for name, value in fields]))
    response.set_status_code(status)
    body = response.body()
    types.ResponseOutparam.set(response_out, Ok(response))
    with body.write() as stream:
        for part in parts:
            for at in range(0, len(part), 4096):
                stream.blocking_write_and_flush(part[at : at + 4096])
    types.OutgoingBody.finish(body, None)


def parts_of(body):
    with body.stream() as stream:
        try:
            while True:
                yield stream.blocking_read(1 << 16)
        except Err as error:
            if not isinstance(error.value, StreamError_Closed):
                raise


def ask(authority):
    request = types.OutgoingRequest(types.Fields())
    request.set_scheme(types.Scheme_Http())
    request.set_authority(authority)
    request.set_path_with_query("/")
    future = outgoing_handler.handle(request, None)
    with future.subscribe() as pollable:
        pollable.block()
    answer = future.get()
    return answer.value.value


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, response_out):
        path, _, query = (request.path_with_query() or "/").partition("?")
        if path == "/":
            respond(response_out, 200, [("content-type", "text/plain")], [b"hello\n"])
        elif path == "/echo":
            respond(response_out, 200, [], parts_of(request.consume()))
        elif path == "/fields":
            found = sorted((name, value.decode()) for name, value in request.headers().entries() if name.startswith("x-"))
            respond(response_out, 200, [("x-count", str(len(found)))], [json.dumps(found).encode()])
        elif path == "/ask":
            response = ask(query)
            respond(response_out, response.status(), [], parts_of(response.consume()))
        elif path == "/fail":
            raise RuntimeError("a mistake")
        else:
            respond(response_out, 404, [], [b"nothing here\n"])
