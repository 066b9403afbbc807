"""Accounts in Python: the resource."""

from componentize_py_types import Err
from wit_world.exports import accounts as a

alive = 0


class Account(a.Account):
    def __init__(self, owner, balance):
        global alive
        alive += 1
        self.owner = owner
        self.start = balance
        self.closed = False
        self.written = []

    def __del__(self):
        global alive
        alive -= 1

    def balance(self):
        return self.start + sum(entry.amount for entry in self.written)

    def enter(self, entry):
        if self.closed:
            raise Err(a.Problem_Closed())
        if not entry.text:
            raise Err(a.Problem_Unknown(f"an entry of {self.owner} says nothing"))
        balance = self.balance() + entry.amount
        if balance < 0:
            raise Err(a.Problem_Overdrawn(-balance))
        self.written.append(entry)
        return balance

    def entries(self, order, kinds):
        def is_wanted(entry):
            kind = a.Kinds.INCOME if entry.amount >= 0 else a.Kinds.EXPENSE
            return bool(kind & kinds)

        found = [entry for entry in self.written if is_wanted(entry)]
        if order == a.Order.BY_AMOUNT:
            found.sort(key=lambda entry: entry.amount)
        return found

    def largest(self):
        return max(self.written, key=lambda entry: abs(entry.amount), default=None)

    def close(self):
        if self.closed:
            raise Err(a.Problem_Closed())
        self.closed = True
        return self.balance()

    @classmethod
    def merge(cls, into, from_):
        into.written += from_.written
        return into
