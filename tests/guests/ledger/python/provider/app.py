"""Accounts in Python: functions. The resource is in accounts.py, which is named after the interface."""

import accounts
from wit_world import exports
from wit_world.exports.accounts import Problem_Overdrawn, Problem_Unknown


class Accounts(exports.Accounts):
    def open(self, owners):
        return [accounts.Account(owner, 0) for owner in owners]

    def total(self, accounts):
        return sum(account.balance() for account in accounts)

    def describe(self, problem):
        if problem is None:
            return (0, "none")
        if isinstance(problem, Problem_Overdrawn):
            return (1, f"overdrawn by {problem.value}")
        if isinstance(problem, Problem_Unknown):
            return (2, f"unknown: {problem.value}")
        return (3, "closed")

    def split(self, text):
        return text.split()

    def alive(self):
        return accounts.alive

    def fail(self, message):
        raise RuntimeError(message)
