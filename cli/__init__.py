"""The commands behind `./throughcare`: one small module each, listed in `cli/__main__.py`."""
