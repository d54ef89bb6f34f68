"""What another project writes to make budgetsim read its own tables."""

import csv

from budgetsim.traces import Fault


class Csv:
    def sniff(self, path, head):
        return path.suffix == ".csv" and head.startswith(b"item,")

    def read(self, path):
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                if row["item"] == "END":
                    raise Fault("truncated", "an END mark")
                correct = {"yes": True, "no": False}.get(row["right"], row["right"])
                tokens = float(row["tokens"])
                yield (
                    number,
                    {"problem_id": row["item"], "sample_index": 0, "correct": correct, "completion_tokens": tokens},
                )


class Raises(Csv):
    def sniff(self, _path, _head):
        raise RuntimeError("a bug")


BACKEND = Csv()
RAISES = Raises()
