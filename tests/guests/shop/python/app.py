from wit_world import exports
from wit_world.imports import log
from wit_world.exports import catalog as c
from componentize_py_types import Err

GOODS = {"apple": (3, ["fruit"]), "bread": (7, ["food", "fresh"]), "cider": (12, [])}

class Catalog(exports.Catalog):
    def find(self, pattern, order, marks):
        found = [c.Item(n, p, t) for n, (p, t) in GOODS.items() if pattern in n]
        key = (lambda i: i.name) if order == c.Order.BY_NAME else (lambda i: i.price)
        return sorted(found, key=key)
    def describe(self, p):
        if isinstance(p, c.Problem_NotFound): return "not found: " + p.value
        if isinstance(p, c.Problem_TooMany): return f"too many: {p.value}"
        return "closed"
