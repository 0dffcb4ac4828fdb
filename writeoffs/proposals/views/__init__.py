"""The room's pages; each asks who, reads what was typed, calls one service, and shows the answer."""
