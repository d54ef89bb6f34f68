"""Runs of real models: read from files of any size, written, and recorded.

``read`` gives one table, ``scan`` a table at a time; both set aside the rows that are not of the runs schema and say
why. Other formats come in through the entry-point group ``budgetsim.backends``.
"""

from budgetsim.traces.rejects import Fault, Reject, Rejects
from budgetsim.traces.runs import Runs, Scan, Source, read, scan
from budgetsim.traces.write import rows, write_jsonl, write_parquet

__all__ = [
    "Fault",
    "Reject",
    "Rejects",
    "Runs",
    "Scan",
    "Source",
    "read",
    "rows",
    "scan",
    "write_jsonl",
    "write_parquet",
]
