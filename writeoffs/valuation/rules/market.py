"""Lower of cost and market, for LIFO and the retail method under US GAAP (ASC 330-10-35-1C to 35-7). Pure, unit figures
10^6."""

from __future__ import annotations


def market_unit(*, replacement_cost: int | None, nrv: int | None, normal_profit: int | None) -> int | None:
    """Replacement cost, not above NRV (ceiling) and not below NRV less a normal profit (floor): the middle of three.

    Without a replacement cost the ceiling stands; without NRV the replacement cost; without a normal profit there is no
    floor. None where nothing is known.
    """
    if nrv is None:
        return replacement_cost
    if replacement_cost is None:
        return nrv
    capped = min(replacement_cost, nrv)
    return capped if normal_profit is None else max(capped, nrv - normal_profit)
