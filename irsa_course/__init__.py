"""The course around the notebooks: exercises and questions, progress, map, tour and site.

A notebook takes `exercise`, `quiz` and `predict` from here, and all it does from `irsa_helpers`.
"""

from irsa_course.exercises import exercise
from irsa_course.quiz import predict, quiz

__all__ = ["exercise", "predict", "quiz"]
