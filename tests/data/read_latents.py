"""Reads LATENTS.h5ad and LATENTS.h5mu as anndata_test.cpp wrote them, with anndata and h5py.

Exit code 77 = they are not installed.
"""

import sys

try:
    import anndata
    import h5py
    import numpy as np
    try:
        from anndata.io import read_elem
    except ImportError:
        from anndata.experimental import read_elem
except ImportError as error:
    print(error)
    sys.exit(77)

IDS = ["p1", "p2", "p3"]
NAMES = ["blood.z1", "blood.z2", "sleep.z1"]
X = np.array([[0.5, 1, 4], [-1.25, 2, np.nan], [2, 3, 6]])


def check_about(obs):
    assert list(obs.index) == IDS
    np.testing.assert_array_equal(obs["demographics.age"], [11, np.nan, 33])
    assert obs["demographics.sex"].dtype == "category"
    assert [v if isinstance(v, str) else "" for v in obs["demographics.sex"]] == ["f", "", "m"]
    assert list(obs.columns) == ["demographics.age", "demographics.kg_m2", "demographics.sex"]


def check_h5ad(path):
    data = anndata.read_h5ad(path)
    np.testing.assert_array_equal(data.X, X)
    assert list(data.var_names) == NAMES
    assert list(data.var["modality"]) == ["blood", "blood", "sleep"]
    check_about(data.obs)
    assert data[["p3", "p1"], "blood.z1"].X.ravel().tolist() == [2, 0.5]


def check_h5mu(path):
    with open(path, "rb") as file:
        assert file.read(6) == b"MuData"
    with h5py.File(path, "r") as file:
        assert file.userblock_size == 512
        assert file.attrs["encoding-type"] == "MuData" and file.attrs["axis"] == 0
        assert list(file["mod"].attrs["mod-order"]) == ["blood", "sleep"]
        blood, sleep = (read_elem(file[f"mod/{name}"]) for name in ("blood", "sleep"))
        check_about(read_elem(file["obs"]))
        assert list(read_elem(file["var"]).index) == NAMES
        assert file["obsmap/sleep"][()].tolist() == [1, 0, 2]
        assert file["varmap/sleep"][()].tolist() == [0, 0, 1]
        assert read_elem(file["obsm"])["sleep"].ravel().tolist() == [True, False, True]
    np.testing.assert_array_equal(blood.X, X[:, :2])
    np.testing.assert_array_equal(sleep.X, [[4], [6]])
    assert list(sleep.obs_names) == ["p1", "p3"] and list(sleep.var_names) == ["sleep.z1"]


check_h5ad(sys.argv[1])
check_h5mu(sys.argv[2])
