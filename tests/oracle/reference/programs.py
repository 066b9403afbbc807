"""Programs over handles in the reference implementation: the same interpreters as the oracle's guests are, over the same tape."""

END = 0xFF
DESTROYED = 0xDDDD


class Instances:
    """The component instances of one program, each with a resource type of its own."""

    def __init__(self, definitions, count, tape):
        self.d = d = definitions
        self.store = d.Store()
        self.tape, self.at, self.log = tape, 0, []
        self.insts = [d.ComponentInstance(self.store) for _ in range(count)]
        self.types = [d.ResourceType(inst, self.destructor(j)) for j, inst in enumerate(self.insts)]
        self.memories = [d.MemInst(bytearray(0x40000), "i32") for _ in self.insts]
        self.ends = [1024] * count
        self.lifted = {(i, t, name): self.lift(i, t, name) for i in range(count) for t in range(i + 1) for name in FUNCS}

    def next(self):
        self.at += 1
        return self.tape[self.at - 1] if self.at <= len(self.tape) else 0

    def allocate(self, j, size):
        self.ends[j] += size
        return self.ends[j] - size

    def destructor(self, j):
        def destroy(args):
            self.log += [DESTROYED, *args]
            self.interpret(j)
            return []
        return destroy

    def options(self, j):
        realloc = lambda args: [self.allocate(j, args[3])]
        return self.d.CanonicalOptions("utf8", self.memories[j], realloc)

    def lift(self, i, t, name):
        def core(args):
            if name == "list":
                at, length = args
                memory = self.memories[i]
                args = [int.from_bytes(memory[at + 4 * n : at + 4 * n + 4], "little") for n in range(length)]
            self.log += args
            self.interpret(i)
            return [self.next()] if name in ("give", "swap") else []
        return self.store.lift(core, self.func_type(t, name), self.options(i), self.insts[i])

    def func_type(self, t, name):
        d = self.d
        own, borrow = d.OwnType(self.types[t]), d.BorrowType(self.types[t])
        params, results = {
            "own": ([own], []),
            "borrow": ([borrow], []),
            "give": ([], [own]),
            "swap": ([own], [own]),
            "many": ([d.TupleType([borrow, own]), borrow], []),
            "list": ([d.ListType(borrow)], []),
        }[name]
        return d.FuncType([(str(n), ty) for n, ty in enumerate(params)], results)

    def enter(self, j):
        """The host calls an instance."""
        d = self.d
        def core(args):
            self.interpret(j)
            return []
        func = self.store.lift(core, d.FuncType([], []), d.CanonicalOptions(), self.insts[j])
        self.store.invoke(func, lambda: [], lambda result: None)

    def interpret(self, j):
        while (code := self.next()) != 0:
            kind, i, t = code & 15, code >> 4 & 15, code >> 8
            if kind == 1:
                self.log += self.d.canon_resource_new(self.types[j], self.next())
            elif kind == 2:
                self.log += self.d.canon_resource_rep(self.types[j], self.next())
            elif kind == 3:
                self.d.canon_resource_drop(self.types[t], self.next())
            elif kind == 10:
                self.call_host(j, i)
            else:
                self.call(j, i, t, FUNCS[kind - 4])

    def call(self, j, i, t, name):
        if name == "list":
            length = self.next()
            at = self.allocate(j, 4 * length)
            for n in range(length):
                self.memories[j][at + 4 * n : at + 4 * n + 4] = self.next().to_bytes(4, "little")
            args = [at, length]
        else:
            args = [self.next() for _ in range({"give": 0, "many": 3}.get(name, 1))]
        lowered = self.store.lower(self.lifted[i, t, name], self.func_type(t, name), self.options(j), self.insts[j])
        self.log += lowered(args)

    def call_host(self, j, i):
        def host(on_start, on_resolve):
            on_start()
            self.enter(i)
            on_resolve([])
            return lambda: None
        self.store.lower(host, self.d.FuncType([], []), self.d.CanonicalOptions(), self.insts[j])([])


FUNCS = ["own", "borrow", "give", "swap", "many", "list"]


def handlers(definitions):
    def run(request):
        instances = Instances(definitions, request["instances"], request["tape"])
        end = "done"
        try:
            while (callee := instances.next()) != END:
                instances.enter(callee)
        except definitions.Trap:
            end = "trap"
        return f"{end} {','.join(map(str, instances.log))}"

    return {"program": run}
