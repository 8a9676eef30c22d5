"""Generic REST storage over small strategies, one a kind."""
