"""An independent simulator, asked for its verdicts where Node and its package are there."""
