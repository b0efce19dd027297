"""The warehouse."""

from warehouse.errors import OrderError
from warehouse.order import Order
from warehouse.shelves import Shelves


class House:
    """Shelves and orders; see the README."""

    def __init__(self, stock):
        self._shelves = Shelves(stock)
        self._orders = {}
        self._open = []

    def reserve(self, order, lines, until):
        """Take an order."""
        if order in self._orders:
            raise OrderError(f"{order} was there before")
        self._orders[order] = Order(lines, until)
        self._open.append(order)
        self._try(self._orders[order])
        return self._orders[order].state

    def ship(self, order):
        """Ship an order."""
        self._get(order).move("shipped")
        self._open.remove(order)
        self._shelves.leave(self._orders[order].wants)

    def cancel(self, order):
        """Cancel an order."""
        self._end(order, "cancelled")
        self._serve()

    def expire(self, now):
        """Let orders expire; return their names."""
        ended = []
        for name in self._open:
            if self._orders[name].until < now:
                self._end(name, "expired")
                ended.append(name)
        self._serve()
        return ended

    def receive(self, article, amount):
        """Put more on the shelves."""
        self._shelves.there[article] = self._shelves.there.get(article, 0) + amount

    def state(self, order):
        """Return the state of an order."""
        return self._get(order).state

    def on_hand(self, article):
        """Return what is in the house."""
        return self._shelves.there.get(article, 0)

    def available(self, article):
        """Return what is free."""
        return self._shelves.available(article)

    def _get(self, order):
        if order not in self._orders:
            raise OrderError(f"no order {order}")
        return self._orders[order]

    def _try(self, order):
        if order.state == "waiting" and self._shelves.take(order.wants):
            order.move("reserved")

    def _end(self, name, state):
        order = self._get(name)
        before = order.move(state)
        if name in self._open:
            self._open.remove(name)
        if before != "waiting":
            self._shelves.free(order.wants)

    def _serve(self):
        for name in self._open:
            self._try(self._orders[name])
