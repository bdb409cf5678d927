"""Estimators × rows × arrangements: does every export answer as scikit-learn does, or say so?

rows      kinds of raw rows
cases     every estimator that can be applied to new rows
ask       one question: converted, refused, or different?
routing   trees behind scalers, 100,000 rows each
zones     schedules at every change of clocks in every time zone
__main__  the whole matrix (`make matrix`), and the table exports/COVERAGE.md that it writes
"""
