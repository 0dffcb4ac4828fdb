"""Pages of stock, counts, quarantine and the worklist of falls."""
