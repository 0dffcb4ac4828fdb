"""Cases of valuation: what stock is worth, by whom the loss is found."""
