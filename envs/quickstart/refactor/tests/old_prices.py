"""What a parcel costs, by carrier, weight and zone."""

import math


def quote(carrier, weight_kg, zone):
    """Return the price of a parcel in cents.

    Raises:
        ValueError: Unknown carrier, a zone that it does not serve, or a weight that it does not take.
    """
    if carrier == "swift":
        if zone not in ("domestic", "europe", "world"):
            raise ValueError(f"swift does not serve zone: {zone}")
        if weight_kg <= 0 or weight_kg > 30:
            raise ValueError(f"weight out of range: {weight_kg}")
        if zone == "domestic":
            price = 390 + math.ceil(weight_kg) * 45
        elif zone == "europe":
            price = 890 + math.ceil(weight_kg) * 120
        else:
            price = 1890 + math.ceil(weight_kg) * 410
        if weight_kg > 10:
            price += 250
        return price
    elif carrier == "posthorn":
        if zone != "domestic" and zone != "europe":
            raise ValueError(f"posthorn does not serve zone: {zone}")
        if not 0 < weight_kg <= 20:
            raise ValueError(f"weight out of range: {weight_kg}")
        half_kilos = math.ceil(weight_kg / 0.5)
        if zone == "europe":
            return 1150 + half_kilos * 85
        return 325 + half_kilos * 30
    elif carrier == "cargoline":
        rates = {"domestic": (1500, 190), "europe": (3200, 330), "world": (9900, 770)}
        if zone in rates:
            if weight_kg > 0 and weight_kg <= 500:
                base, per_step = rates[zone]
                total = base + per_step * math.ceil(weight_kg / 5)
                if weight_kg > 100:
                    total = total + 4000
                return total
            raise ValueError(f"weight out of range: {weight_kg}")
        raise ValueError(f"cargoline does not serve zone: {zone}")
    elif carrier == "velo":
        if zone != "city":
            raise ValueError(f"velo does not serve zone: {zone}")
        if weight_kg <= 0 or weight_kg > 12.5:
            raise ValueError(f"weight out of range: {weight_kg}")
        price = 550
        price += math.ceil(weight_kg / 2.5) * 60
        if weight_kg > 7.5:
            price += 120
        return price
    else:
        raise ValueError(f"unknown carrier: {carrier}")
