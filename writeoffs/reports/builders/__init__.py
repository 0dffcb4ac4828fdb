"""Statements laid out as reports: which columns, which words, where each figure leads. One module for each report."""
