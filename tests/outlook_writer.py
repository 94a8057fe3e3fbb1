"""Writes small .msg files for tests: an OLE compound file ([MS-CFB]) with the streams that [MS-OXMSG] wants."""

import struct
from collections.abc import Mapping
from typing import Any

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(tree: Mapping[str, Any]) -> bytes:
    """A compound file: a mapping is a storage, bytes are a stream."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "data": b"", "child": FREE, "right": FREE}]

    def add(storage: Mapping[str, Any], parent: int) -> None:
        before = FREE
        for name in sorted(storage, key=lambda name: (len(name), name.upper())):
            content = storage[name]
            number = len(entries)
            kind = 1 if isinstance(content, Mapping) else 2
            data = b"" if kind == 1 else bytes(content)
            entries.append({"name": name, "kind": kind, "data": data, "child": FREE, "right": FREE})
            if before == FREE:
                entries[parent]["child"] = number
            else:
                entries[before]["right"] = number
            before = number
            if kind == 1:
                add(content, number)

    add(tree, 0)
    mini, mini_fat = b"", []
    for entry in entries:
        data = entry["data"]
        entry["start"], entry["size"] = END, len(data)
        if entry["kind"] == 2 and 0 < len(data) < CUTOFF:
            entry["start"] = len(mini) // MINI
            count = -(-len(data) // MINI)
            mini += data.ljust(count * MINI, b"\0")
            mini_fat += [*range(entry["start"] + 1, entry["start"] + count), END]
    chains: list[bytes] = []
    table: list[int] = []

    def put(data: bytes) -> int:
        count = -(-len(data) // SECTOR)
        start = len(table)
        chains.append(data.ljust(count * SECTOR, b"\0"))
        table.extend([*range(start + 1, start + count), END])
        return start

    for entry in entries:
        if entry["kind"] == 2 and entry["size"] >= CUTOFF:
            entry["start"] = put(entry["data"])
    if mini:
        entries[0]["start"], entries[0]["size"] = put(mini), len(mini)
    fat_start = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat)) if mini_fat else END
    directory = b""
    for entry in entries:
        name = entry["name"].encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBBIII16sIQQIQ",
            name, len(name), entry["kind"], 1, FREE, entry["right"], entry["child"], b"", 0, 0, 0,
            entry["start"], entry["size"],
        )  # fmt: skip
    directory_start = put(directory)
    fat_sectors = 1
    while fat_sectors * (SECTOR // 4) < len(table) + fat_sectors:
        fat_sectors += 1
    first_fat = len(table)
    table += [FAT] * fat_sectors
    table += [FREE] * (fat_sectors * (SECTOR // 4) - len(table))
    difat = [*range(first_fat, first_fat + fat_sectors)] + [FREE] * (109 - fat_sectors)
    header = struct.pack(
        "<8s16sHHHHH6s9I",
        bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, fat_sectors, directory_start, 0, CUTOFF,
        fat_start, -(-len(mini_fat) * 4 // SECTOR), END, 0,
    )  # fmt: skip
    return header + struct.pack("<109I", *difat) + b"".join(chains) + struct.pack(f"<{len(table)}I", *table)


class Old(bytes):
    """A string as files without Unicode hold it, in some code page."""


Properties = Mapping[int, str | bytes | int]


def outlook_file(
    properties: Properties,
    attachments: tuple[Properties, ...] = (),
    *,
    recipients: tuple[Properties, ...] = (),
    within: tuple[tuple[Properties, tuple[Properties, ...]], ...] = (),
) -> bytes:
    """A .msg with these properties (by their id), and attachments and recipients with theirs.

    `within` are mails that are attached to it, each with attachments of its own.
    """
    tree = _mail(properties, attachments, b"\0" * 8)
    for number, recipient in enumerate(recipients):
        tree[f"__recip_version1.0_#{number:08X}"] = _storage(recipient, b"\0" * 8)
    for number, (inner, parts) in enumerate(within, len(attachments)):
        part: dict[str, Any] = _storage({0x3705: 5, 0x3001: "a mail"}, b"\0" * 8)
        part["__substg1.0_3701000D"] = _mail(inner, parts, b"")
        tree[f"__attach_version1.0_#{number:08X}"] = part
    return compound(tree)


def _mail(properties: Properties, attachments: tuple[Properties, ...], more: bytes) -> dict[str, Any]:
    """A mail's storage; that of a mail within another has a shorter head."""
    tree: dict[str, Any] = _storage(properties, struct.pack("<8x4I", 0, len(attachments), 0, len(attachments)) + more)
    for number, attachment in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = _storage(attachment, b"\0" * 8)
    return tree


def _storage(properties: Properties, head: bytes) -> dict[str, Any]:
    streams: dict[str, Any] = {}
    listed = head
    for identity, value in properties.items():
        if isinstance(value, int):
            listed += struct.pack("<HHIQ", 0x0003, identity, 6, value)
            continue
        kind = 0x001F if isinstance(value, str) else 0x001E if isinstance(value, Old) else 0x0102
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        streams[f"__substg1.0_{identity:04X}{kind:04X}"] = data
        listed += struct.pack("<HHIQ", kind, identity, 6, len(data) + (2 if isinstance(value, str) else 0))
    streams["__properties_version1.0"] = listed
    return streams
