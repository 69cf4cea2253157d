"""Runs the notebooks, each in a process of its own; with --save their outputs are kept in them."""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient

save = "--save" in sys.argv
for name in sys.argv[1:]:
    if name != "--save":
        book = nbformat.read(name, as_version=4)
        NotebookClient(book, timeout=300, record_timing=False).execute()  # raises what a cell raises
        print(pathlib.Path(name).name, sum(cell.cell_type == "code" for cell in book.cells), "cells")
        if save:
            nbformat.write(book, name)
