"""The course file: a whole seminar in one YAML text. Pure; ``actions.load_course`` applies it."""

from seminar.desk.rules.course_file.parsing import Parsed, parse
from seminar.desk.rules.course_file.problems import Problem
from seminar.desk.rules.course_file.schema import CourseFile
from seminar.desk.rules.course_file.shifting import shifted
from seminar.desk.rules.course_file.writing import course_file_text

__all__ = ["CourseFile", "Parsed", "Problem", "course_file_text", "parse", "shifted"]
