from wit_world.exports import catalog as c
from wit_world.imports import log
from componentize_py_types import Err
from app import GOODS
class Basket(c.Basket):
    def __init__(self, owner):
        self.owner = owner
        self.have = {}
    def add(self, name, count):
        if name not in GOODS: raise Err(c.Problem_NotFound(name))
        if count > 9: raise Err(c.Problem_TooMany(count))
        with log.Line(f"{self.owner} takes {count} {name}") as l:
            log.write(l)
        self.have[name] = self.have.get(name, 0) + count
        return self.have[name]
    def items(self):
        return [c.Item(n, GOODS[n][0] * k, GOODS[n][1]) for n, k in self.have.items()]
    def best(self):
        items = self.items()
        return max(items, key=lambda i: i.price) if items else None
    @classmethod
    def merge(cls, a, b):
        for n, k in b.have.items(): a.have[n] = a.have.get(n, 0) + k
        return a
