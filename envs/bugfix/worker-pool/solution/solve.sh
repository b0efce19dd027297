#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "pool/ticket.py",
    '''        self._done.wait(timeout_s)
        if self._error:
            raise self._error
        return self._value''',
    '''        if not self._done.wait(timeout_s):
            raise TimeoutError("the job isn't done")
        if self._error is not None:
            raise self._error
        return self._value''',
)
edit(
    "pool/line.py",
    '''            while not self._tickets:
                self._changed.wait()
            return self._tickets.popleft()''',
    '''            while not self._tickets and not self._closed:
                self._changed.wait()
            if not self._tickets:
                return None
            self._busy += 1
            return self._tickets.popleft()''',
)
edit(
    "pool/line.py",
    '''            self._busy = max(0, self._busy - 1)
            self._changed.notify()''',
    '''            self._busy -= 1
            self._changed.notify_all()''',
)
edit(
    "pool/line.py",
    '''            while self._tickets:
                self._changed.wait()''',
    '''            while self._tickets or self._busy:
                self._changed.wait()''',
)
edit(
    "pool/pool.py",
    '''        if key is not None and key in self._by_key:
            return self._by_key[key]
        ticket = Ticket(job)
        self._line.put(ticket)
        if key is not None:
            self._by_key[key] = ticket
        return ticket''',
    '''        with self._lock:
            if key is not None and key in self._by_key:
                return self._by_key[key]
            ticket = Ticket(job)
            self._line.put(ticket)
            self._tickets.append(ticket)
            if key is not None:
                self._by_key[key] = ticket
            return ticket''',
)
edit(
    "pool/pool.py",
    '''        for ticket in self._tickets:
            found.append(ticket.result())
        return found''',
    '''        with self._lock:
            tickets = list(self._tickets)
        for ticket in tickets:
            try:
                found.append(ticket.result())
            except Exception as error:
                found.append(error)
        return found''',
)
edit(
    "pool/pool.py",
    "        self._threads.clear()",
    '''        for thread in self._threads:
            thread.join()''',
)
edit(
    "pool/pool.py",
    '''        while ticket := self._line.take():
            self._tickets.append(ticket)
            ticket.finish(ticket.job())
            self._line.done()''',
    '''        while ticket := self._line.take():
            try:
                ticket.finish(ticket.job())
            except Exception as error:
                ticket.finish(error=error)
            finally:
                self._line.done()''',
)
PYTHON
python3 -m unittest --quiet
