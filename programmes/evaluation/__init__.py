"""The locked ballot box: slips, sealed answers, released results."""
