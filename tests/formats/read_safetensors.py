"""Reads a safetensors file with nothing but the standard library and prints one line a tensor:
name, shape, the sum of its numbers; then one line a metadata key. Written from the format's public
description alone, to check our writer against a reader that shares no code with it."""
import json
import math
import struct
import sys

with open(sys.argv[1], "rb") as file:
    content = file.read()
(length,) = struct.unpack("<Q", content[:8])
header = json.loads(content[8:8 + length].decode("utf-8"))
data = content[8 + length:]
metadata = header.pop("__metadata__")
used = 0
for name, tensor in header.items():
    begin, end = tensor["data_offsets"]
    assert tensor["dtype"] == "F32" and begin == used
    assert end - begin == 4 * math.prod(tensor["shape"])
    assert (8 + length + begin) % 4 == 0, "unaligned"
    used = end
    numbers = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
    print(name, tensor["shape"], f"{math.fsum(numbers):.6f}")
assert used == len(data)
for key in metadata:
    json.loads(metadata[key])
    print(key)
