"""The rules: standard library only, Python 3.9 syntax, no input or output at import."""
