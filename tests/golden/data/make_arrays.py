#!/usr/bin/env python3
"""Writes the small NumPy files that tests/data/numpy_test.cpp reads. Run in this folder."""
import numpy as np
from numpy.lib import format as npy

grid = np.arange(12).reshape(4, 3)  # element (i, j) is 3 i + j
for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
    for order in "<>":
        values = grid - 5 if kind[0] != "u" else grid
        np.save(f"{kind}_{'little' if order == '<' else 'big'}.npy", values.astype(order + kind))
np.save("b1.npy", grid % 2 == 1)
np.save("fortran.npy", np.asfortranarray(grid.astype("f8")))
for version in ((1, 0), (2, 0), (3, 0)):
    with open(f"version{version[0]}.npy", "wb") as file:
        npy.write_array(file, grid.astype("f4"), version=version)
np.save("vector.npy", np.array([1.5, np.nan, np.inf, -2.0]))
np.save("texts.npy", np.array([["a", "é"], ["b", "日本"], ["a", ""]]))
np.save("bytes.npy", np.array([b"x", b"yy", b"x"]))

np.save("objects.npy", np.array([1, "x"], dtype=object), allow_pickle=True)
np.save("record.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
np.save("complex.npy", np.array([1j]))
np.save("cube.npy", np.zeros((2, 2, 2)))
np.save("scalar.npy", np.array(3.0))
np.save("empty.npy", np.zeros((0, 3)))

ids = np.array(["p1", "p2", "pä", "p4"])
np.savez("stored.npz", x=grid.astype("f8"), pid=ids, columns=np.array(["a", "b", "c"]))
np.savez_compressed("deflated.npz", x=np.asfortranarray(grid.astype(">i4")), pid=np.arange(4) + 73557)
np.savez("side_by_side.npz", age=grid[:, 0] * 10, sex=np.array(["f", "m", "f", "m"]), pid=np.arange(4.0))
np.savez("two.npz", x=grid, y=grid[:2])
