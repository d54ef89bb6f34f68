"""Table 1 of BudgetMem, arXiv 2602.06025, as printed: F1, judge score and cost of ten methods with two models."""

from __future__ import annotations

from typing import TypeAlias

Row: TypeAlias = tuple[tuple[str, ...], ...]

DATA_SETS = ("LoCoMo", "LongMemEval", "HotpotQA")
MEASURES = ("F1", "judge", "cost")

_PRINTED = {
    "LLaMA-3.3-70B": """
ReadAgent      22.48/31.05/.57   20.75/27.72/13.68  15.33/30.08/4.19   19.52/29.62/6.14
MemoryBank     22.27/28.98/.73   26.74/32.67/3.94   22.25/23.75/7.75   23.75/28.47/4.14
A-MEM          26.43/32.96/2.88  21.74/33.17/80.02  43.25/54.69/13.32  30.47/40.27/36.55
LangMem        22.31/25.96/.48   12.00/17.00/16.60  22.78/22.66/10.95  19.03/21.87/9.34
Mem0           11.04/28.18/2.89  27.70/42.08/13.57  28.03/36.72/4.30   22.26/35.66/6.92
MemoryOS       30.62/34.55/1.97  12.97/33.50/38.83  34.50/43.36/13.32  26.03/37.14/18.04
LightMem       33.88/40.76/1.50  26.74/48.51/5.28   45.73/58.37/10.10  35.45/49.21/5.63
BudgetMem-IMP  38.75/50.32/1.80  37.47/56.00/.71    49.31/65.77/1.35   41.84/57.36/1.29
BudgetMem-REA  40.92/52.23/2.90  40.53/58.00/.67    51.12/61.93/.99    44.19/57.39/1.52
BudgetMem-CAP  43.05/54.62/2.40  40.24/60.50/.80    53.87/64.85/.93    45.72/59.99/1.38
""",
    "Qwen3-Next-80B": """
ReadAgent      22.45/31.37/.24   27.72/20.75/4.97   18.05/25.78/1.75   22.74/25.97/2.32
MemoryBank     23.53/34.71/.25   10.56/28.22/3.45   18.64/31.25/1.79   17.58/31.39/1.83
A-MEM          27.65/38.54/2.88  10.82/31.19/21.00  40.54/50.39/8.34   26.34/40.04/10.74
LangMem        20.89/23.40/.14   11.01/14.00/3.99   20.77/21.09/17.56  17.56/19.50/2.82
Mem0           10.77/25.32/1.15  25.71/36.14/4.96   24.72/37.89/2.02   20.40/33.12/2.71
MemoryOS       35.43/38.85/.75   13.35/33.00/15.84  41.21/53.52/11.68  30.00/41.79/9.42
LightMem       32.85/42.83/.70   27.70/47.52/3.39   41.29/55.42/8.56   33.95/48.59/4.21
BudgetMem-IMP  40.14/54.38/.80   29.18/52.00/.30    46.67/57.42/.63    38.66/54.60/.58
BudgetMem-REA  40.19/53.34/1.11  35.84/59.00/.26    57.67/70.83/.17    44.57/61.06/.51
BudgetMem-CAP  41.22/53.18/.61   31.01/56.00/.17    58.70/72.08/.22    43.64/60.42/.33
""",
}


def _rows(printed: str) -> dict[str, Row]:
    lines = (line.split() for line in printed.strip().splitlines())
    return {method: tuple(tuple(cell.split("/")) for cell in cells) for method, *cells in lines}


# By model and method: three data sets and the printed average, each F1, judge score and cost.
TABLE: dict[str, dict[str, Row]] = {model: _rows(printed) for model, printed in _PRINTED.items()}
