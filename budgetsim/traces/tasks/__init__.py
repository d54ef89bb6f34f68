"""Questions to record a model on: built-in tasks, and problems files of your own."""

from .builtin import builtin, names
from .graders import Grader, grade
from .problems_file import load
from .task import Example, Problem, Strategy, Task

__all__ = ["Example", "Grader", "Problem", "Strategy", "Task", "builtin", "grade", "load", "names"]
