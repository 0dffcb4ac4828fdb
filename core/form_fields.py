"""Fields of forms that more than one room asks with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    _Several = forms.ModelMultipleChoiceField[Any]
else:
    _Several = forms.ModelMultipleChoiceField


class OfferedField(_Several):
    """Records to tick, by their keys. What was not offered is refused by its text, so that a number that no database
    holds is one choice too many and no error."""

    def clean(self, value: Any) -> Any:
        offered = {str(pk) for pk in self.queryset.values_list("pk", flat=True)} if self.queryset is not None else set()
        for given in value or ():
            if str(given) not in offered:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": str(given)[:40]}
                )
        return super().clean(value)
