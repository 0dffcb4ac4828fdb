"""Pure: facts -> the statements that a report shows. No query, no Django."""
