"""Values through the reference implementation: layouts, flattening, and passing between guests that hold raw memory."""

import sys

PAGE = 0x10000
HEAP = 1024
GAP = 16
MAX_CALLS = 1000
UNTOUCHED = 0xA5
MASK = (1 << 64) - 1
PRIME = 0x100000001B3
INTEGERS = ("s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64")
ENCODINGS = {"Utf8": "utf8", "Utf16": "utf16", "Latin1Utf16": "latin1+utf16"}


class TooLarge(Exception):
    """The value does not fit a guest's memory."""


class Unknown(Exception):
    """Something was read that the oracle has not told."""


def tails():
    """For each number of words at the end of a page that nobody has touched, what they make of a digest: factor and summand."""
    word = int.from_bytes(bytes([UNTOUCHED] * 8), "little")
    factor, summand, table = 1, 0, [(1, 0)]
    for _ in range(PAGE // 8):
        factor, summand = factor * PRIME & MASK, (summand * PRIME + word) & MASK
        table.append((factor, summand))
    return table


TAILS = tails()


def handlers(definitions):
    d = definitions
    driver = sys.modules["__main__"]

    primitives = {
        "bool": d.BoolType, "s8": d.S8Type, "u8": d.U8Type, "s16": d.S16Type, "u16": d.U16Type, "s32": d.S32Type,
        "u32": d.U32Type, "s64": d.S64Type, "u64": d.U64Type, "f32": d.F32Type, "f64": d.F64Type, "char": d.CharType,
        "string": d.StringType,
    }

    def labels(count):
        return [f"n{i}" for i in range(count)]

    def type_of(t):
        if t is None:
            return None
        if isinstance(t, str):
            return primitives[t]()
        match t:
            case ["list", element]: return d.ListType(type_of(element))
            case ["fixed", element, length]: return d.ListType(type_of(element), length)
            case ["map", key, value]: return d.MapType(type_of(key), type_of(value))
            case ["tuple", types]: return d.TupleType([type_of(t) for t in types])
            case ["record", types]: return d.RecordType([d.FieldType(f"n{i}", type_of(t)) for i, t in enumerate(types)])
            case ["variant", cases]: return d.VariantType([d.CaseType(f"n{i}", type_of(t)) for i, t in enumerate(cases)])
            case ["enum", count]: return d.EnumType(labels(count))
            case ["flags", count]: return d.FlagsType(labels(count))
            case ["option", some]: return d.OptionType(type_of(some))
            case ["result", ok, error]: return d.ResultType(type_of(ok), type_of(error))
        raise ValueError(t)

    def cases(t):
        """The labels of a type with cases, and their payloads' types."""
        match t:
            case ["variant", types]: return list(zip(labels(len(types)), types))
            case ["enum", count]: return [(label, None) for label in labels(count)]
            case ["option", some]: return [("none", None), ("some", some)]
            case ["result", ok, error]: return [("ok", ok), ("error", error)]
        return None

    def fields(t):
        match t:
            case ["tuple", types]: return [(str(i), t) for i, t in enumerate(types)]
            case ["record", types]: return [(f"n{i}", t) for i, t in enumerate(types)]
        return None

    def read(t, v):
        """A value as the specification has it, out of the oracle's text."""
        match t:
            case "bool": return bool(v)
            case "f32" | "f64": return float("nan") if v == "nan" else driver.float_of(v, int(t[1:]))
            case "char": return chr(v)
            case "string":
                text = bytes.fromhex(v).decode("utf-8")
                return (text, "utf8", len(v) // 2)
            case str(): return v
            case ["list", element] | ["fixed", element, _]: return [read(element, e) for e in v]
            case ["map", key, value]: return [{"0": read(key, k), "1": read(value, e)} for k, e in v]
            case ["flags", count]: return {label: bool(v >> i & 1) for i, label in enumerate(labels(count))}
        if (named := fields(t)) is not None:
            return {label: read(t, e) for (label, t), e in zip(named, v)}
        label, payload = cases(t)[v[0]]
        return {label: None if payload is None else read(payload, v[1])}

    def write(t, v):
        """The oracle's text of a value."""
        match t:
            case "bool": return "1" if v else "0"
            case "f32" | "f64": return '"nan"' if v != v else str(driver.bits_of(v, int(t[1:])))
            case "char": return str(ord(v))
            case "string": return f'"{v[0].encode("utf-8").hex()}"'
            case str(): return str(v)
            case ["list", element] | ["fixed", element, _]: parts = [write(element, e) for e in v]
            case ["map", key, value]: parts = [f'[{write(key, e["0"])},{write(value, e["1"])}]' for e in v]
            case ["flags", count]: return str(sum(v[label] << i for i, label in enumerate(labels(count))))
            case _ if (named := fields(t)) is not None: parts = [write(t, v[label]) for label, t in named]
            case _:
                [(label, payload)] = v.items()
                number = [case[0] for case in cases(t)].index(label)
                ty = cases(t)[number][1]
                parts = [str(number)] + ([] if ty is None else [write(ty, payload)])
        return f"[{','.join(parts)}]"

    class Taker(d.MemInst):
        """The memory that a value goes to, with its `realloc` and the notes that it takes."""

        def __init__(self, request):
            super().__init__(bytearray([UNTOUCHED] * PAGE + [0] * PAGE), "i32")
            self.next = self.high = HEAP
            self.notes = []
            self.copies, self.until_fault, self.answer = request["copies"], request["fault"], request["answer"]

        def __setitem__(self, i, v):
            end = (i.stop if isinstance(i, slice) else i + 1)
            self.high = max(self.high, end)
            super().__setitem__(i, v)

        def note(self, arguments):
            words = (min(self.high, PAGE) + 7) // 8
            digest = 0
            view = memoryview(self.bytes)[: 8 * words].cast("Q")
            for word in view:
                digest = digest * PRIME + word & MASK
            factor, summand = TAILS[PAGE // 8 - words]
            view.release()
            self.notes.append([*arguments, (digest * factor + summand) & MASK])

        def realloc(self, arguments):
            old, old_size, align, size = arguments
            if len(self.notes) == MAX_CALLS:
                raise TooLarge
            self.note(arguments)
            if self.until_fault == 0:
                return [self.answer]
            self.until_fault -= 1
            at = d.align_to(self.next, align)
            if PAGE - GAP - min(at, PAGE - GAP) < size:
                raise TooLarge
            self.next = at + size + GAP
            kept = min(old_size, size)
            if self.copies and kept > 0:
                self[at : at + kept] = bytes(self.bytes[old : old + kept])
            return [at]

    class Giver(d.MemInst):
        """The memory that a value comes from: core values at its beginning, and a heap."""

        def __init__(self, request):
            heap = bytes.fromhex(request["heap"])
            super().__init__(bytearray(2 * PAGE), "i32")
            self.bytes[HEAP : HEAP + len(heap)] = heap
            self.end = HEAP + len(heap)

        def __getitem__(self, i):
            start, stop = (i.start, i.stop) if isinstance(i, slice) else (i, i + 1)
            if start < stop and (start < HEAP or stop > self.end):
                raise Unknown
            return super().__getitem__(i)

    def options(request, side, memory):
        realloc = getattr(memory, "realloc", None)
        return d.CanonicalOptions(ENCODINGS[request[side]], memory, realloc)

    def core_values(types, bits):
        convert = {
            "i32": lambda b: b & 0xFFFFFFFF, "i64": lambda b: b,
            "f32": lambda b: driver.float_of(b & 0xFFFFFFFF, 32), "f64": lambda b: driver.float_of(b, 64),
        }
        return [convert[t](b) for t, b in zip(types, bits, strict=True)]

    def spill(memory, types, core):
        """Stores core values where the guest that gets them does."""
        for n, (t, v) in enumerate(zip(types, core, strict=True)):
            bits = v if t[0] == "i" else driver.bits_of(v, int(t[1:]))
            size = int(t[1:]) // 8
            memory[8 * n : 8 * n + size] = bits.to_bytes(size, "little")

    class Passing:
        """One value on its way: `giver` and `taker` are instances or, where they are None, the host."""

        def __init__(self, request):
            self.request = request
            self.t = type_of(request["type"])
            self.store = d.Store()
            self.seen = None
            param = d.FuncType([("x", self.t)], [])
            self.ft = param if request["param"] else d.FuncType([], [self.t])
            if "heap" in request:
                self.given = Giver(request)
                self.giver = d.ComponentInstance(self.store)
            else:
                self.giver = None
            if request["op"] != "lift":
                self.taken = Taker(request)
                self.taker = d.ComponentInstance(self.store)
            else:
                self.taker = None

        def host_value(self):
            return read(self.request["type"], self.request["value"])

        def enter(self, core, inst):
            """The host calls a core function of an instance, as one without parameters."""
            func = self.store.lift(core, d.FuncType([], []), d.CanonicalOptions(), inst)
            self.store.invoke(func, lambda: [], lambda result: None)

        def watch(self, func):
            """The function, with what passes through it seen."""
            def watched(on_start, on_resolve):
                def start():
                    values = on_start()
                    self.seen = values[0] if values else self.seen
                    return values
                def resolve(result):
                    self.seen = result[0] if result else self.seen
                    on_resolve(result)
                return func(start, resolve)
            return watched

        def run(self):
            (self.pass_param if self.request["param"] else self.pass_result)()
            if self.taker is not None:
                self.taken.note([0, 0, 0, 0])

        def pass_param(self):
            if self.taker is None:
                callee = host_func(lambda args: [])
            else:
                opts = options(self.request, "to", self.taken)
                types = d.flatten_functype(opts, self.ft, "lift").params
                def take(core):
                    spill(self.taken, types, core)
                    return []
                callee = self.store.lift(take, self.ft, opts, self.taker)
            callee = self.watch(callee)
            if self.giver is None:
                self.store.invoke(callee, lambda: [self.host_value()], lambda result: None)
                return
            opts = options(self.request, "from", self.given)
            lowered = self.store.lower(callee, self.ft, opts, self.giver)
            core = core_values(d.flatten_functype(opts, self.ft, "lower").params, self.request["core"])
            self.enter(lambda _: lowered(core), self.giver)

        def pass_result(self):
            if self.giver is None:
                callee = host_func(lambda args: [self.host_value()])
            else:
                opts = options(self.request, "from", self.given)
                core = core_values(d.flatten_functype(opts, self.ft, "lift").results, self.request["core"])
                callee = self.store.lift(lambda _: core, self.ft, opts, self.giver)
            callee = self.watch(callee)
            if self.taker is None:
                self.store.invoke(callee, lambda: [], lambda result: None)
                return
            opts = options(self.request, "to", self.taken)
            lowered = self.store.lower(callee, self.ft, opts, self.taker)
            core_type = d.flatten_functype(opts, self.ft, "lower")
            def fetch(_):
                if core_type.results:
                    spill(self.taken, core_type.results, lowered([]))
                else:
                    place = [0, 0, d.alignment(self.t, "i32"), d.elem_size(self.t, "i32")]
                    lowered(self.taken.realloc(place))
                return []
            self.enter(fetch, self.taker)

    def host_func(body):
        def func(on_start, on_resolve):
            on_resolve(body(on_start()))
            return lambda: None
        return func

    def describe(request):
        t = type_of(request["type"])
        opts = d.CanonicalOptions("utf8", d.MemInst(bytearray(), "i32"))
        flat = ",".join(d.flatten_type(t, opts)[:17])
        return f"{d.elem_size(t, 'i32')} {d.alignment(t, 'i32')} {flat}"

    def pass_value(request):
        passing = Passing(request)
        try:
            passing.run()
        except d.Trap:
            return "trap"
        except TooLarge:
            return "large"
        except Unknown:
            return "unknown"
        value = write(request["type"], passing.seen)
        if passing.taker is None:
            return f"value {value}"
        notes = ";".join(",".join(map(str, note)) for note in passing.taken.notes)
        return f"value {value} {notes}"

    return {"type": describe, "pass": pass_value, "lower": pass_value, "lift": pass_value}
