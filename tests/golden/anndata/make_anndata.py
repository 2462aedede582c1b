"""Writes cells.h5ad, nested.h5mu and expected.json beside itself with anndata and h5py.

Run with a Python that has them (Debian: python3-anndata, python3-h5py). With ../shared there,
expected.json also holds check sums of the files under ../shared/data/formats; without, those that it
held are kept.
"""

import json
import pathlib

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata.experimental import read_elem, write_elem

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parents[3] / "shared" / "data" / "formats"


def fnv(texts):
    value = 0xCBF29CE484222325
    for byte in "\n".join(texts).encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return str(value)


def as_texts(values):
    return ["" if pd.isna(v) else str(v) for v in values]


def cells():
    rng = np.random.default_rng(7)
    n, p = 12, 5
    dense = np.round(rng.normal(size=(n, p)), 3)
    dense[rng.random((n, p)) < 0.5] = 0
    obs = pd.DataFrame(index=[f"cell{i}" for i in range(n)])
    obs["age"] = np.linspace(20, 75, n)
    obs.loc["cell3", "age"] = np.nan
    obs["count"] = pd.array([i * 3 if i != 4 else pd.NA for i in range(n)], dtype="Int64")
    obs["flag"] = pd.array([i % 3 == 0 if i != 5 else pd.NA for i in range(n)], dtype="boolean")
    obs["plain_flag"] = np.arange(n) % 2 == 0
    obs["batch"] = pd.Categorical([["a", "b", "ü"][i % 3] if i != 6 else None for i in range(n)])
    obs["cluster"] = pd.Categorical([str(i % 4) for i in range(n)])
    obs["grade"] = pd.Categorical([i % 3 + 1 for i in range(n)], ordered=True)
    obs["note"] = [f"text {i}" for i in range(n)]
    obs["person"] = [f"p{i // 2}" for i in range(n)]
    var = pd.DataFrame(index=[f"gene{j}" for j in range(p)])
    data = anndata.AnnData(X=sp.csr_matrix(dense), obs=obs, var=var, dtype="float64")
    data.layers["csc"] = sp.csc_matrix(dense * 2)
    data.layers["dense"] = dense.astype("float32")
    data.layers["counts"] = np.arange(n * p, dtype="int32").reshape(n, p)
    data.obsm["pca"] = np.round(rng.normal(size=(n, 3)), 3)
    data.obsm["frame"] = pd.DataFrame({"u": np.arange(n) / 4, "v": list("xyxyxyxyxyxy")}, index=obs.index)
    data.raw = data
    return data


def describe(frame):
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
            columns[name] = as_texts(values)
        else:
            columns[name] = [None if pd.isna(v) else float(v) for v in values]
    return {"ids": list(frame.index), "columns": columns}


def matrix_frame(matrix, index, names):
    dense = matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix)
    return pd.DataFrame(dense.astype("float64"), index=index, columns=names)


def numbered(matrix, index):
    width = 1 if matrix.ndim == 1 else matrix.shape[1]
    return matrix_frame(matrix.reshape(-1, width), index, [f"c{j + 1}" for j in range(width)])


def layers_of(data):
    frames = {"obs": data.obs}
    if data.X is not None:
        frames["X"] = matrix_frame(data.X, data.obs_names, data.var_names)
    for name, layer in data.layers.items():
        frames[f"layers/{name}"] = matrix_frame(layer, data.obs_names, data.var_names)
    for name, value in data.obsm.items():
        frames[f"obsm/{name}"] = value if isinstance(value, pd.DataFrame) else numbered(value, data.obs_names)
    if data.raw is not None:
        frames["raw/X"] = matrix_frame(data.raw.X, data.obs_names, data.raw.var_names)
    return frames


def check_sums(frame):
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
            columns[name] = fnv(as_texts(values))
        else:
            numbers = values.to_numpy(dtype="float64")
            columns[name] = float(np.nansum(numbers * (np.arange(len(numbers)) % 7 + 1)))
    return {"rows": len(frame), "ids": fnv(frame.index), "columns": columns}


def index_of(group):
    item = group[group.attrs["_index"]]
    return list((item["values"] if isinstance(item, h5py.Group) else item).asstr()[()])


def mudata_frames(path):
    frames = {}
    with h5py.File(path, "r") as file:
        for mod, group in file["mod"].items():
            ids = index_of(group["obs"])
            frames[f"{mod} X"] = matrix_frame(group["X"][()], ids, index_of(group["var"]))
            if "raw" in group:
                frames[f"{mod} raw/X"] = matrix_frame(group["raw/X"][()], ids, index_of(group["raw/var"]))
        ids = index_of(file["obs"])
        frames[" obs"] = pd.DataFrame({"arange": file["obs/arange"][()]}, index=ids)
        for name, value in file["obsm"].items():
            frames[f" obsm/{name}"] = numbered(value[()], ids)
    return frames


def main():
    data = cells()
    data.write_h5ad(HERE / "cells.h5ad", compression="lzf")
    expected = {"cells.h5ad": {layer: describe(frame) for layer, frame in layers_of(data).items()}}

    with h5py.File(HERE / "nested.h5mu", "w") as file:
        small = data[:4, :3].copy()
        small.raw = None
        for name in ("rna", "protein"):
            write_elem(file, f"mod/{name}", small)
            small = data[2:8, 1:].copy()
            small.raw = None
        write_elem(file, "obs", pd.DataFrame({"site": pd.Categorical(["u", "v"] * 4)}, index=data.obs_names[:8]))
    with h5py.File(HERE / "nested.h5mu", "r") as file:
        expected["nested.h5mu"] = {
            f"{name} X": describe(matrix_frame(m.X, m.obs_names, m.var_names))
            for name, m in ((n, read_elem(file[f"mod/{n}"])) for n in ("rna", "protein"))
        }
        expected["nested.h5mu"][" obs"] = describe(read_elem(file["obs"]))

    target = HERE / "expected.json"
    if SHARED.exists():
        sums = {}
        for path in sorted((SHARED / "h5ad").glob("*.h5ad")):
            sums[f"h5ad/{path.name}"] = {
                " " + layer: check_sums(frame) for layer, frame in layers_of(anndata.read_h5ad(path)).items()
            }
        for path in sorted((SHARED / "h5mu").glob("*.h5mu")):
            sums[f"h5mu/{path.name}"] = {layer: check_sums(frame) for layer, frame in mudata_frames(path).items()}
        expected["formats"] = sums
    elif target.exists():
        expected["formats"] = json.loads(target.read_text())["formats"]
    target.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
