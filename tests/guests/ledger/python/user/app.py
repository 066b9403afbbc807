"""Uses accounts from Python."""

from componentize_py_types import Err
from wit_world import WitWorld as Base
from wit_world.imports import accounts as a


def shown(entry):
    return f"{entry.text} {entry.amount} [{','.join(entry.tags)}]" if entry else "nothing"


def problem(error):
    number, text = a.describe(error)
    return f"problem {number}: {text}"


def enter(account, text, amount, *tags):
    try:
        return f"{text}: {account.enter(a.Entry(text, amount, list(tags)))}"
    except Err as error:
        return f"{text}: {problem(error.value)}"


def close(account):
    try:
        return f"closed with {account.close()}"
    except Err as error:
        return problem(error.value)


class WitWorld(Base):
    def transcript(self):
        lines = []
        ada = a.Account("Ada", 0)
        lines.append(enter(ada, "wage", 1200, "work", "may"))
        lines.append(enter(ada, "rent", -700, "home"))
        lines.append(enter(ada, "car", -800))
        lines.append(enter(ada, "", 1))
        for entry in ada.entries(a.Order.BY_AMOUNT, a.Kinds.INCOME | a.Kinds.EXPENSE):
            lines.append(shown(entry))
        lines.append(str(len(ada.entries(a.Order.AS_WRITTEN, a.Kinds.EXPENSE))))
        lines.append(str(len(ada.entries(a.Order.AS_WRITTEN, a.Kinds(0)))))
        lines.append(shown(ada.largest()))

        grace, barbara = a.open(["Grace", "Barbara"])
        lines.append(shown(grace.largest()))
        lines.append(enter(barbara, "book", 30, "a", "b"))
        rich = a.Account("Größe 🦀", 9007199254740992)
        lines.append(enter(rich, "größe 🦀", 1, "ü", "", "x" * 300))
        lines.append(shown(rich.largest()))
        lines.append(f"total {a.total([ada, grace, barbara, rich])} of {a.alive()}")
        both = a.Account.merge(ada, barbara)
        lines.append(f"total {a.total([both, barbara, both])}")
        lines.append(shown(both.entries(a.Order.AS_WRITTEN, a.Kinds.INCOME)[-1]))
        barbara.__exit__(None, None, None)
        lines.append(f"alive {a.alive()}")
        lines.append(close(both))
        lines.append(close(both))
        lines.append(enter(both, "late", 1))
        both.__exit__(None, None, None)
        grace.__exit__(None, None, None)
        rich.__exit__(None, None, None)
        lines.append(f"alive {a.alive()}")

        lines.append("|".join(a.split("  über den\tWolken \n muss ")))
        lines.append(str(len(a.split(""))))
        lines.append(problem(None))
        lines.append(problem(a.Problem_Unknown("é")))
        for number in range(50):
            with a.Account(f"{number}", 0) as account:
                account.enter(a.Entry("x", number, [str(number)] * number))
        lines.append(f"alive {a.alive()}")
        return lines

    def ask_to_fail(self, message):
        a.fail(message)
