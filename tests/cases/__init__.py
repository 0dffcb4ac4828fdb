"""The worked cases, run through the product: `make cases [FILE=path]`.

A case is a company, sheets, documents and people; this room translates its inputs into them and reads what the product
made of them. Nothing here works out a figure: a figure that a case expects and no page, report or record of the product
gives is a difference.
"""
