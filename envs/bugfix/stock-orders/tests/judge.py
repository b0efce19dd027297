"""Plays operations against a warehouse that counts all orders anew for each question."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
from warehouse.errors import OrderError
from warehouse.house import House


def case(stock, operations, names):
    mine = dict(stock)
    house, seen = House(mine), []
    for name, *given in operations:
        try:
            seen.append(getattr(house, name)(*given))
        except OrderError:
            seen.append("OrderError")
        states = []
        for order in names:
            try:
                states.append(house.state(order))
            except OrderError:
                states.append(None)
        seen.append([states, [[house.on_hand(article), house.available(article)] for article in ("cup", "pot", "fan")]])
    return [seen, mine == stock]
'''


def reference(stock: dict, operations: list, names: list) -> list:
    orders: dict = {}  # name: [state, amounts, until], in the order of coming
    there = {article: stock.get(article, 0) for article in ("cup", "pot", "fan")}
    seen: list = []

    def free(article: str) -> int:
        return there[article] - sum(amounts.get(article, 0) for state, amounts, _ in orders.values() if state == "reserved")

    def serve() -> None:
        for order in orders.values():
            if order[0] == "waiting" and all(free(article) >= amount for article, amount in order[1].items()):
                order[0] = "reserved"

    for name, *given in operations:
        state = orders.get(given[0], [None])[0] if name in ("reserve", "ship", "cancel") else None
        result: object = None
        if name == "reserve":
            if state is not None:
                result = "OrderError"
            else:
                amounts = {article: sum(n for other, n in given[1] if other == article) for article, _ in given[1]}
                orders[given[0]] = ["new", amounts, given[2]]
                fits = all(free(article) >= amount for article, amount in amounts.items())
                orders[given[0]][0] = result = "reserved" if fits else "waiting"
        elif name == "ship":
            if state == "reserved":
                orders[given[0]][0] = "shipped"
                for article, amount in orders[given[0]][1].items():
                    there[article] -= amount
            else:
                result = "OrderError"
        elif name == "cancel":
            if state in ("waiting", "reserved"):
                orders[given[0]][0] = "cancelled"
                serve()
            else:
                result = "OrderError"
        elif name == "expire":
            result = [key for key, order in orders.items() if order[0] in ("waiting", "reserved") and order[2] <= given[0]]
            for key in result:
                orders[key][0] = "expired"
            serve()
        else:
            there[given[0]] += given[1]
            serve()
        states = [orders[key][0] if key in orders else None for key in names]
        seen += [result, [states, [[there[article], free(article)] for article in there]]]
    return [seen, True]


def random_cases(amount: int) -> list:
    dice = random.Random(77)
    cases = []
    for _ in range(amount):
        names = [str(number) for number in range(6)]
        operations = []
        for step in range(dice.randrange(4, 30)):
            order, article = dice.choice(names), dice.choice(["cup", "pot", "fan"])
            lines = [[dice.choice(["cup", "pot", "fan"]), dice.randrange(1, 4)] for _ in range(dice.randrange(1, 4))]
            kinds = [["reserve", order, lines, step + dice.randrange(12)]] * 4
            kinds += [["ship", order], ["cancel", order], ["cancel", order], ["expire", step], ["receive", article, dice.randrange(1, 5)]]
            operations.append(dice.choice(kinds))
        stock = {article: dice.randrange(8) for article in ("cup", "pot", "fan") if dice.random() < 0.8}
        cases.append([stock, operations, names])
    return cases


judge({"operations": lambda: agree(DRIVER, random_cases(500), reference)})
