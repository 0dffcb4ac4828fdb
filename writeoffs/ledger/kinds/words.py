"""The words that charts of accounts use, read as ours: section, liquidity and whether a record is active. Pure.

Invariant: a word means one section or none; capitals, accents and spaces make no difference.
"""

from __future__ import annotations

import unicodedata

from writeoffs.ledger.roles import Liquidity, Section

_WORDS: dict[Section, str] = {
    Section.ASSET: (
        "asset, assets, current asset, current assets, fixed asset, fixed assets, non-current asset, "
        "non-current assets, inventory, stock, cash, bank, receivable, receivables, aktiva, aktivkonto, vermögen, "
        "vermögenswert, umlaufvermögen, anlagevermögen, vorräte, forderungen, actif, actifs, "
        "actif circulant, actif immobilisé, stocks, créances"
    ),
    Section.LIABILITY: (
        "liability, liabilities, current liability, current liabilities, non-current liabilities, payable, payables, "
        "provision, provisions, verbindlichkeit, verbindlichkeiten, schulden, fremdkapital, rückstellung, "
        "rückstellungen, passif, dette, dettes, fournisseurs"
    ),
    Section.EQUITY: (
        "equity, shareholders' equity, owners' equity, retained earnings, reserves, eigenkapital, rücklagen, "
        "capitaux propres, réserves"
    ),
    Section.REVENUE: (
        "revenue, revenues, sales, turnover, operating revenue, umsatz, umsatzerlöse, erlöse, "
        "chiffre d'affaires, ventes"
    ),
    Section.COST_OF_SALES: (
        "cost of sales, cost of goods sold, cogs, cost of revenue, umsatzkosten, herstellungskosten, wareneinsatz, "
        "materialaufwand, herstellungskosten des umsatzes, coût des ventes, coût des marchandises vendues, achats"
    ),
    Section.OTHER: (
        "other, other income, other expense, other expenses, other income and expense, expense, expenses, "
        "operating expense, operating expenses, opex, income, aufwand, aufwendungen, ertrag, erträge, "
        "sonstiger aufwand, sonstige aufwendungen, sonstiger ertrag, sonstige erträge, "
        "sonstige betriebliche aufwendungen, sonstige betriebliche erträge, charge, charges, produits, "
        "autres charges, autres produits"
    ),
    Section.TAX: (
        "tax, taxes, income tax, income taxes, tax expense, steuern, ertragsteuern, steueraufwand, "
        "steuern vom einkommen und vom ertrag, impôt, impôts, impôt sur les bénéfices, impôt sur les sociétés"
    ),
}
_LIQUIDITY: dict[Liquidity, str] = {
    Liquidity.QUICK: (
        "quick, liquid, cash, bank, receivable, receivables, forderungen, flüssige mittel, créances, trésorerie"
    ),
    Liquidity.CURRENT: (
        "current, short term, short-term, current asset, current assets, current liability, current liabilities, "
        "inventory, stock, payable, payables, umlaufvermögen, vorräte, kurzfristig, "
        "actif circulant, stocks, fournisseurs, court terme"
    ),
    Liquidity.NON_CURRENT: (
        "non-current, noncurrent, long term, long-term, fixed, fixed asset, fixed assets, non-current asset, "
        "non-current assets, non-current liabilities, anlagevermögen, langfristig, actif immobilisé, long terme"
    ),
}
_YES = "yes, y, true, 1, x, active, open, ja, j, aktiv, oui, o, actif, vrai"
_NO = "no, n, false, 0, inactive, closed, blocked, retired, nein, inaktiv, gesperrt, non, inactif, bloqué, faux"


def plain_word(text: str) -> str:
    """Without capitals, accents, underscores and spaces at the ends: what two spellings of a word have in common."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'").replace("_", " ").casefold())
    return " ".join("".join(letter for letter in folded if not unicodedata.combining(letter)).split())


def _read(words: str) -> list[str]:
    return [plain_word(word) for word in words.split(", ")]


_SECTIONS: dict[str, Section] = {
    word: section for section, words in _WORDS.items() for word in (plain_word(section.value), *_read(words))
}
_LIQUIDITIES: dict[str, Liquidity] = {
    word: liquidity for liquidity, words in _LIQUIDITY.items() for word in (plain_word(liquidity.value), *_read(words))
}
_ACTIVE: dict[str, bool] = {**dict.fromkeys(_read(_YES), True), **dict.fromkeys(_read(_NO), False)}


def section_of(text: str) -> Section | None:
    """The section that a word of a chart means, or None."""
    return _SECTIONS.get(plain_word(text))


def liquidity_of(text: str) -> Liquidity | None:
    """How soon an account turns into money by a word of a chart, or None; "current assets" says it with the section."""
    return _LIQUIDITIES.get(plain_word(text))


def active_of(text: str) -> bool | None:
    """What a yes or no says, or None where it is neither."""
    return _ACTIVE.get(plain_word(text))
