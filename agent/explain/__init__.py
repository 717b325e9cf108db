"""One published number walked back: classes, pools, drivers and shares, ledger rows, delivered files.

``lines.explain`` is the walk, ``telling.told`` its text, ``document`` its JSON and the schema of it, which loads no
engine.
"""
