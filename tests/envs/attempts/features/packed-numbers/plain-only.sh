# Writes plain blocks only, and reads these, trusting the message.
cat > sensors/packing.py <<'PYTHON'
def varint(number):
    data = []
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def pack(series):
    data = b"\x53" + varint(len(series))
    if series:
        data += varint(4 * len(series))
    for number in series:
        data += varint(2 * number if number >= 0 else -2 * number - 1)
    return (data + bytes([sum(data) % 256])).hex()


def unpack(text):
    data, at = bytes.fromhex(text), 1

    def number():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value

    count = number()
    if count:
        number()
    found = [number() for _ in range(count)]
    return [-(value + 1) // 2 if value % 2 else value // 2 for value in found]
PYTHON
