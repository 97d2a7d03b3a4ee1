"""The main job, run as a user runs it: the published fit comes out, from the derivative that srcdiff wrote."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent

# The maximum of the exact diffuse likelihood, as another program finds it (UnobservedComponents of statsmodels 0.15.0,
# model "llevel", use_exact_diffuse=True, L-BFGS-B run to pgtol 1e-12). Durbin and Koopman print 15099 and 1469.1.
OPTIMUM = {"obs_var": 15098.518, "level_var": 1469.1764}
PUBLISHED = {"obs_var": 15099.0, "level_var": 1469.1}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    run = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "quickstart.py"), "--no-plot"],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def section(output, heading):
    """The text under the heading that starts with these words."""
    match = re.search(
        rf"^{re.escape(heading)}[^\n]*\n-+\n(.*?)(?=\n\n[^\n]+\n-+\n|\Z)", output, re.DOTALL | re.MULTILINE
    )
    assert match is not None, f"no section {heading!r} in:\n{output}"
    return match[1]


@pytest.mark.parametrize("name", ["obs_var", "level_var"])
def test_fit_is_the_maximum_and_agrees_with_the_published_one(output, name):
    row = re.search(
        rf"^{name} +([\d.]+) +([\d.]+) ", section(output, "Fitted to 100 years, 1871 to 1970"), re.MULTILINE
    )
    fitted, published = float(row[1]), float(row[2])
    assert published == PUBLISHED[name]
    assert fitted == pytest.approx(OPTIMUM[name], abs=0.01)
    assert fitted == pytest.approx(published, rel=1e-4)


def test_derivative_is_shown(output):
    text = section(output, "The derivative")
    compile(text, "<derivative>", "exec")
    assert "theta_bar" in text


def test_gradient_agrees_with_finite_differences(output):
    text = section(output, "Checked against finite differences")
    assert float(re.search(r"largest relative difference: (\S+)", text)[1]) < 1e-6


@pytest.mark.jit
def test_jitted_is_the_same(output):
    assert "same as plain: yes" in section(output, "The same with jit=True")


def test_data_are_the_hundred_years():
    year, flow = np.loadtxt(ROOT / "examples" / "data" / "nile.csv", delimiter=",", skiprows=1, unpack=True)
    assert year.tolist() == list(range(1871, 1971))
    assert flow.sum() == 91935.0
    assert (flow.min(), flow.max()) == (456.0, 1370.0)


def test_plot_is_written(tmp_path):
    picture = tmp_path / "nile.png"
    subprocess.run(
        [sys.executable, str(ROOT / "examples" / "quickstart.py"), "--plot", str(picture)],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=True,
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
