"""A hospital's acceptance test: questions with known answers, asked and measured."""
