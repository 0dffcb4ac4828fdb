"""Every kind of case: importing a module of kinds makes them known to the runner."""

from tests.cases import (  # noqa: F401
    kinds_layers,
    kinds_losses,
    kinds_methods,
    kinds_movements,
    kinds_reports,
    kinds_tax,
    kinds_value,
)
