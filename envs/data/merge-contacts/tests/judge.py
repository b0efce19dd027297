"""Runs answer.py on made-up address books, whose people were known before their contacts were written down."""

import csv
import io
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
NAMES = ["Ana Ruiz", "Jo Lee", "Şule Ak", "Tom, Jr.", "Ana Ruiz"]
NO_PHONES = ["", "n/a", "-", "0171", "+49 30", "1234567"]
NO_EMAILS = ["", "none", "@example.org", "+x@example.org", "anna@", " "]


def typed_email(address: str, dice: random.Random) -> str:
    """Write an address in another way."""
    local, domain = address.split("@")
    return dice.choice([address, address.upper(), f" {address}\t", f"{local}+{dice.choice(['shop', 'a+b', ''])}@{domain}"])


def typed_phone(digits: str, dice: random.Random) -> str:
    """Write a number in another way."""
    forms = [f"+{digits}", f"00{digits[:2]} ({digits[2:4]}) {digits[4:]}", f"+{digits[:2]}-{digits[2:5]} {digits[5:]}", digits]
    if digits.startswith("49"):
        forms += [f"0{digits[2:4]}/{digits[4:]}"] * 3
    return dice.choice(forms)


def person(number: int, dice: random.Random) -> list:
    """Return the e-mail address and phone number of each contact of one person, each linked to one before."""
    emails = [f"p{number}.{i}@example.org" for i in range(6)]
    phones = [dice.choice(["49", "43", "33"]) + f"{dice.randrange(1, 9)}{number:03d}{i:04d}" for i in range(6)]
    has_email = dice.random() < 0.8
    contacts = [(emails[0] if has_email else None, phones[0])]
    for i in range(1, dice.choice([1, 1, 2, 3, 5])):
        email, phone = dice.choice(contacts)
        if email and dice.random() < 0.5:
            contacts.append((email, dice.choice([phones[i], None])))
        elif phone:
            contacts.append((dice.choice([emails[i], None]) if has_email else None, phone))
        else:
            contacts.append((email, phones[i]))
    return contacts


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    ids = [f"c{i}" for i in range(2, 400)]
    dice.shuffle(ids)
    rows, people = [], []
    for number in range(60):
        contacts = person(number, dice)
        names = [ids.pop() for _ in contacts]
        people.append((sorted(names), any(email for email, _ in contacts)))
        for name, (email, phone) in zip(names, contacts, strict=True):
            shown = typed_email(email, dice) if email else dice.choice(NO_EMAILS)
            rows.append([name, dice.choice(NAMES), shown, typed_phone(phone, dice) if phone else dice.choice(NO_PHONES)])
    dice.shuffle(rows)
    files = {}
    for i, name in enumerate(["office.csv", "old phone.csv", "shop.csv"]):
        order, text = dice.sample(range(4), 4), io.StringIO()
        table = [["id", "name", "email", "phone"], *rows[i::3]]
        csv.writer(text).writerows([[row[column] for column in order] for row in table])
        files[name] = text.getvalue().encode()
    wanted = {
        "people": len(people),
        "groups": sorted(names for names, _ in people if len(names) > 1),
        "without_email": sorted(names[0] for names, has_email in people if not has_email),
    }
    return files, wanted


def answers() -> None:
    for seed in range(1, 7):
        ask(f"address books {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
