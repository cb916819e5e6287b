#!/usr/bin/python3
# t/lib/validate_records.py: checks files of audit records against their schema, and what a schema cannot say
# SPDX-License-Identifier: ISC

"""Usage: validate_records.py SCHEMA [FILE...]

The schema has to be valid itself. Every line of every file has to be UTF-8 without a character that is
not seen, ended by a line end, JSON without a duplicate key, its keys in the order of the schema's
properties, and valid; the numbers rise by one, or begin again at 1 with a start. Prints each fault
as FILE:LINE: and what is wrong, exit 1; else the count of records.
"""

import json
import re
import sys
import unicodedata

import jsonschema

NONCHARACTER = re.compile("[\ufdd0-\ufdef]")
UNSEEN = {"Cc", "Cf", "Zl", "Zp"}


class Fault(Exception):
    pass


def is_unseen(char):
    return (
        unicodedata.category(char) in UNSEEN
        or ord(char) & 0xFFFE == 0xFFFE
        or NONCHARACTER.match(char) is not None
    )


def refuse(what):
    raise Fault(f"not JSON of ours: {what}")


def pairs_to_dict(pairs):
    record = {}
    for key, value in pairs:
        if key in record:
            raise Fault(f"duplicate key {key}")
        record[key] = value
    return record


def text_of(line):
    if not line.endswith(b"\n"):
        raise Fault("no line end")
    try:
        text = line[:-1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise Fault(f"not UTF-8: {error}") from None
    for char in text:
        if is_unseen(char):
            raise Fault(f"raw U+{ord(char):04X}")
    return text


def record_of(text):
    try:
        record = json.loads(
            text,
            object_pairs_hook=pairs_to_dict,
            parse_float=refuse,
            parse_constant=refuse,
        )
    except json.JSONDecodeError as error:
        raise Fault(f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise Fault("not an object")
    for key, value in record.items():
        if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            raise Fault(f"{key}: half of a surrogate pair")
    return record


def check_order(record, order):
    known = [key for key in record if key in order]
    for before, after in zip(known, known[1:]):
        if order[before] > order[after]:
            raise Fault(f"{after} stands after {before}")


def check_schema(record, validator):
    faults = []
    for error in validator.iter_errors(record):
        causes = [cause.message for cause in error.context] or [error.message]
        where = ".".join(str(part) for part in error.absolute_path)
        faults.append((where + ": " if where else "") + "; ".join(causes))
    if faults:
        raise Fault("; ".join(faults))


def check_seq(record, before):
    """before is the number of the record before, None at the beginning of a file."""
    seq = record.get("seq")
    if record.get("event") == "start":
        if before is not None and seq not in (1, before + 1):
            raise Fault(f"seq {seq} of a start after {before}")
    elif before is not None and seq != before + 1:
        raise Fault(f"seq {seq} after {before}")


def check_line(line, before, order, validator):
    """Returns the record's number, and a list of faults."""
    try:
        record = record_of(text_of(line))
    except Fault as fault:
        return None if before is None else before + 1, [str(fault)]
    faults = []
    for check, against in (
        (check_order, order),
        (check_schema, validator),
        (check_seq, before),
    ):
        try:
            check(record, against)
        except Fault as fault:
            faults.append(str(fault))
    seq = record.get("seq")
    return seq if type(seq) is int else before, faults


def check_file(path, order, validator):
    """Returns the counts of lines and of faults."""
    number = count = 0
    before = None
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            before, faults = check_line(line, before, order, validator)
            count += len(faults)
            for fault in faults:
                print(f"{path}:{number}: {fault}")
    return number, count


def main(schema_path, *paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    order = {key: place for place, key in enumerate(schema["properties"])}
    records = faults = 0
    for path in paths:
        in_file = check_file(path, order, validator)
        records += in_file[0]
        faults += in_file[1]
    if faults:
        return 1
    print(f"{records} records")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
