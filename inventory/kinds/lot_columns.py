"""The columns that say which lot a row is about: the same on every sheet, under the same other names."""

from core.sheets.kinds import Cell, Column

SKU = Column(
    "sku",
    "SKU",
    Cell.TEXT,
    required=True,
    filled=True,
    max_length=60,
    aliases=("product_number", "item", "item number", "item no", "article", "material", "product", "part number"),
    help="The item's number in the ERP.",
    example="SKU-000123",
)
LOT_CODE = Column(
    "lot_code",
    "Lot",
    Cell.TEXT,
    required=True,
    joins=True,
    max_length=60,
    aliases=("lot", "lot number", "batch", "batch number", "lot no", "charge"),
    help="Several columns, like shelf and bin, may be joined.",
    example="L0000042",
)
LOCATION = Column(
    "location",
    "Location",
    Cell.TEXT,
    required=True,
    filled=True,
    max_length=60,
    aliases=("warehouse", "site", "store", "plant", "storage location"),
    example="WH1-A1",
)
