"""What is said, with the file and the line, where a user's suite in YAML is wrong."""

from __future__ import annotations

import pytest

from degrade_bench._support.yaml_lines import LinedYaml
from degrade_bench.degrade.suites import suite
from degrade_bench.errors import ConfigError

FINE = """degradations:
  - degradation: low_pass
    name: mine
    ladder: [16000, 8000, 4000, 2000, 1000]
"""
CHAIN = """degradations:
  - name: mine
    chain:
      - degradation: low_pass
        strength: 4000
      - degradation: white_noise
        strength: [40, 30, 20, 10, 0]
"""
TANH = """degradations:
  - audiomentations: TanhDistortion
    parameter: distortion
    ladder: [0.1, 0.3, 0.5, 0.7, 0.9]
    settings: {}
"""
BOARD = """degradations:
  - pedalboard:
      - Chorus: {depth: 0.5}
      - Distortion
    name: mine
    parameter: Distortion.drive_db
    ladder: [5, 10, 15, 20, 30]
"""

REVERB = """degradations:
  - pedalboard:
      - Convolution: {impulse_response_filename: 5}
    parameter: mix
    ladder: [0.1, 0.2, 0.3, 0.4, 0.5]
"""
CROWD = """degradations:
  - audiomentations: AddBackgroundNoise
    settings: {sounds_path: 5}
    parameter: snr_db
    ladder: [30, 20, 10, 5, 0]
"""

WRONG = [
    (REVERB, "x", "x", 3, "impulse_response_filename: expected the path of a file or folder, got 5"),
    (REVERB, "filename: 5", "filename: null", 5, "Convolution refuses"),
    (CROWD, "x", "x", 3, "sounds_path: expected the path of a file or folder, got 5"),
    (CROWD, "5}", "[a, 3]}", 3, "expected the path of a file or folder, got 3"),
    (FINE, "low_pass", "low_pas", 2, "unknown degradation 'low_pas'; did you mean 'low_pass'"),
    (FINE, "ladder", "lader", 4, "unknown key 'lader'; did you mean 'ladder'"),
    (FINE, ", 1000]", "]", 4, "expected 5 strengths, got 4"),
    (FINE, "4000, 2000", "2000, 4000", 4, "must fall from faint to gross, as 16000, 8000, 4000, 2000, 1000 Hz do"),
    (FINE, "[16000, 8000, 4000, 2000, 1000]", "[1000, 2000, 4000, 8000, 16000]", 4, "must fall"),
    (FINE, "1000]", "-1]", 4, "must be positive"),
    (FINE, "1000]", "low]", 4, "expected a number, got 'low'"),
    (FINE, "1000]", "1e2]", 4, "YAML takes 1.0e-5 for a number"),
    (FINE, "1000]", "yes]", 4, "expected a number, got True"),
    (FINE, "1000]", ".nan]", 4, "finite"),
    (FINE, "[16000, 8000, 4000, 2000, 1000]", "5", 4, "list"),
    (FINE, "name: mine", "name: My Noise", 3, "expected lower-case letters"),
    (FINE, "name: mine", "name: mine_placebo", 3, "taken"),
    (FINE, "name: mine", "name: white_noise", 3, "'white_noise' is the name of a degradation that there is"),
    (FINE, "name: mine", "name: a\n    name: b", 4, "'name' is given twice (first in line 3)"),
    (FINE, "    name: mine\n", "    name: [mine\n", 4, "expected"),
    (FINE, "degradations:", "degradation:", 1, "unknown key 'degradation'; did you mean 'degradations'"),
    (FINE, "degradations:", "levels: [1, 7]\ndegradations:", 1, "levels"),
    (FINE, "low_pass\n", "low_pass\n    chain: []\n", 2, "exactly one of the keys"),
    (FINE, "  - degradation: low_pass\n    name: mine\n", "  - name: mine\n", 2, "exactly one of the keys"),
    (FINE + "  - bar_shuffel\n", "x", "x", 5, "did you mean 'bar_shuffle'"),
    (FINE + "  - 3\n", "x", "x", 5, "expected a name, or exactly one of the keys"),
    (FINE + "  - low_pass\n  - low_pass\n", "x", "x", 6, "'low_pass' is in this suite twice"),
    (CHAIN, "  - name: mine\n    chain", "  - chain", 2, "'name' is missing"),
    (CHAIN, "white_noise", "white_nois", 6, "did you mean 'white_noise'"),
    (CHAIN, "[40, 30, 20, 10, 0]", "[40, 30]", 7, "strength: expected one number or 5, got 2"),
    (CHAIN, "[40, 30, 20, 10, 0]", "[0, 10, 20, 30, 40]", 7, "must fall from faint to gross"),
    (CHAIN, "[40, 30, 20, 10, 0]", "20", 3, "all levels are the same"),
    (CHAIN, "low_pass", "vinyl", 3, "vinyl is a chain and has the strengths 25, 50, 100, 150, 200 % of ADT only"),
    (CHAIN, "4000", "'4000'", 5, "strength: expected one number or 5, got '4000'"),
    (CHAIN, "        strength: 4000\n", "", 4, "'strength' is missing"),
    (CHAIN, "strength: 4000", "strenght: 4000", 5, "did you mean 'strength'"),
    (CHAIN, "name: mine", "name: mine\n    ladder: [1, 2]", 3, "expected 5 strengths, got 2"),
    (CHAIN, "name: mine", "name: mine\n    group: noisy", 3, "group"),
    (TANH, "TanhDistortion", "TanDistortion", 2, "did you mean 'TanhDistortion'"),
    (TANH, "parameter: distortion", "parameter: distorsion", 3, "did you mean 'distortion'"),
    (TANH, "    parameter: distortion\n", "", 2, "'parameter' is missing"),
    (TANH, "0.3, 0.5", "0.5, 0.3", 4, "rise or fall strictly"),
    (TANH, "{}", "\n      min_distortion: 1", 6, "is set by the ladder on distortion"),
    (TANH, "{}", "2026-13-45", 5, "month must be in 1..12"),
    (TANH, "{}", "!!int many", 5, "invalid literal"),
    (TANH, "settings", "placebo: 0.5\n    settings", 5, "expected a strength under level 1's 0.1, got 0.5"),
    (BOARD, "Chorus", "Korus", 3, "unknown pedalboard plug-in 'Korus'"),
    (BOARD, "depth: 0.5", "depht: 0.5", 3, "did you mean 'depth'"),
    (BOARD, "depth: 0.5", "depth: deep", 3, "expected a number, got 'deep'"),
    (BOARD, "Distortion.drive_db", "drive_db", 6, "there are 2 plug-ins"),
    (BOARD, "Distortion.drive_db", "Distortion.drive", 6, "did you mean 'drive_db'"),
    (BOARD, "30]", "40, 50]", 7, "expected 5 strengths, got 6"),
]


@pytest.mark.parametrize(("text", "old", "new", "line", "said"), WRONG)
def test_an_error_names_file_line_and_what_was_expected(written, tmp_path, text, old, new, line, said):
    with pytest.raises(ConfigError) as refused:
        written(text.replace(old, new))
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'mine.yaml'}, line {line}: "), message
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("text", [FINE, CHAIN, TANH, BOARD])
def test_the_texts_above_are_fine_as_they_stand(written, text):
    assert len(written(text).degradations) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("- low_pass\n", "line 1: expected 'key: value' pairs"),
        ("name: mine\n", "line 1: 'degradations' is missing"),
        ("degradations: []\n", "line 1: degradations: "),
        ("degradations: low_pass\n", "line 1: degradations: "),
        ("a: &a [*a]\n", "line 1: this alias stands for something that it lies within"),
        ("\tname: x\n", "line 1: "),
    ],
)
def test_files_that_hold_no_suite(written, text, said):
    with pytest.raises(ConfigError) as refused:
        written(text)
    assert said in str(refused.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        suite(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        suite(tmp_path / "binary.yaml")


def test_lines_of_places_that_are_not_there_are_those_around_them(tmp_path):
    (tmp_path / "a.yaml").write_text("a:\n  - b: 1\n    c: &x {d: 2}\n  - *x\n")
    lined = LinedYaml(tmp_path / "a.yaml")
    lines = {(): 1, ("a", 0): 2, ("a", 0, "c"): 3, ("a", 0, "z"): 2, ("a", 9): 1, ("z",): 1}
    assert {place: lined.line(place) for place in lines} == lines
