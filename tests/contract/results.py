"""Readers of result files with Python's own csv and json, which know nothing of the program."""

import base64
import csv
import json
import os

COLUMNS = ["path", "rank", "class", "index", "probability", "error_stage", "error_message",
           "path_base64"]


def read_jsonl(path):
    """[{path (bytes), top [(class, index, probability)], error (stage, message) or None}]"""
    rows = []
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            row = json.loads(line)
            top = [(guess["class"], guess["index"], guess["probability"])
                   for guess in row.get("top", [])]
            error = row.get("error") and (row["error"]["stage"], row["error"]["message"])
            rows.append({"path": exact_path(row["path"], row.get("path_base64")), "top": top,
                         "error": error})
    return rows


def read_csv(path):
    """The same from CSV."""
    rows = []
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        assert next(reader) == COLUMNS
        for name, rank, *guess, stage, message, encoded in reader:
            if rank in ("", "1"):
                rows.append({"path": exact_path(name, encoded), "top": [],
                             "error": (stage, message) if rank == "" else None})
            if rank == "":
                assert guess == ["", "", ""], guess
                continue
            assert (stage, message) == ("", "") and int(rank) == len(rows[-1]["top"]) + 1
            rows[-1]["top"].append((guess[0], int(guess[1]), float(guess[2])))
    return rows


def exact_path(text, encoded):
    return base64.b64decode(encoded) if encoded else os.fsencode(text)


def read_rows(path):
    return read_csv(path) if str(path).endswith(".csv") else read_jsonl(path)
