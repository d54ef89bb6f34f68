"""Questions to record a model on: built-in tasks, and problems files of your own."""

from budgetsim.traces.tasks.builtin import builtin, names
from budgetsim.traces.tasks.graders import Grader, grade
from budgetsim.traces.tasks.problems_file import load
from budgetsim.traces.tasks.task import Example, Problem, Strategy, Task

__all__ = ["Example", "Grader", "Problem", "Strategy", "Task", "builtin", "grade", "load", "names"]
