"""Runs the specification's reference implementation of the canonical ABI for the oracle.

`python3 driver.py PATH` loads PATH (a `definitions.py`) and answers requests: one line of JSON each, one line of text back. It decides
nothing itself: guests are the oracle's, and whether a value is right is the oracle's to say.
"""

import importlib.util
import json
import os
import struct
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def load(path):
    spec = importlib.util.spec_from_file_location("definitions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["definitions"] = module
    spec.loader.exec_module(module)
    run_in_place(module)
    # Where a variant has no payload the reference implementation lowers an integer 0 for a float, and then asserts that it did not.
    matches = module.type_matches_value
    module.type_matches_value = lambda t, v: matches(t, float(v) if t[0] == "f" and v == 0 else v)
    module.DETERMINISTIC_PROFILE = True
    return module


def run_in_place(definitions):
    """Lets threads of guests run where they are resumed: synchronous ones never suspend, and a trap unwinds through them."""

    class Frame:
        pass

    def cont_new(f):
        return f

    def resume(cont, thread):
        outer = getattr(definitions.thread_local_handler, "value", None)
        frame = Frame()
        frame.current_thread = thread
        definitions.thread_local_handler.value = frame
        try:
            switch_to = cont()
        finally:
            definitions.thread_local_handler.value = outer
        return (None, switch_to)

    def suspend(switch_to):
        raise AssertionError("a synchronous guest suspends")

    definitions.cont_new = cont_new
    definitions.resume = resume
    definitions.suspend = suspend


def serve(handlers):
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = handlers[request["op"]](request)
        except Exception:
            answer = "error " + traceback.format_exc().replace("\n", " | ")
        print(answer, flush=True)


def float_of(bits, width):
    return struct.unpack("<f", struct.pack("<I", bits))[0] if width == 32 else struct.unpack("<d", struct.pack("<Q", bits))[0]


def bits_of(number, width):
    code, int_code = ("<f", "<I") if width == 32 else ("<d", "<Q")
    return struct.unpack(int_code, struct.pack(code, number))[0]


if __name__ == "__main__":
    definitions = load(sys.argv[1])
    import programs
    import values

    serve(values.handlers(definitions) | programs.handlers(definitions))
