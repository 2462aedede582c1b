"""Rows of a benchmark in a CSV file: what was measured before stays, so that an interrupted run goes on."""
import csv


class KeptRows:
    """`rows`: dictionaries; values of earlier runs are texts."""

    def __init__(self, path, columns):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.columns, self.rows = path, columns, []
        if path.exists():
            with open(path, newline="", encoding="utf-8") as file:
                self.rows = list(csv.DictReader(file))

    def has(self, **key):
        return any(all(str(row[name]) == str(value) for name, value in key.items()) for row in self.rows)

    def add(self, rows):
        """Written at once; keys that are no columns are left out of the file."""
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore")
            if file.tell() == 0:
                writer.writeheader()
            writer.writerows(rows)
        self.rows += rows
