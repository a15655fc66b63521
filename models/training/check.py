"""Checks of the shipped package against its own manifest, the scripts and the data.

    python -m pytest check.py -p no:cacheprovider

The NIH subset is looked for beside the repository (../shared/data/cxr-nih) or where
LEADGLASS_CXR_DATA points; checks that need it are skipped where it is missing.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from canonical import canonical_json
from dataset import load_cohort
from evaluate import PACKAGE, PackageRunner, measure
from linear import LinearHead, fit_head
from metrics import auc, delong, wilson
from package import file_entries
from phantom import GOLDEN_SPECS, make_phantom
from preprocess import STEPS, percentile_window, preprocess, resize_area
from split import split_of_patient

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LEADGLASS_CXR_DATA", REPOSITORY.parent / "shared" / "data" / "cxr-nih"))
MAX_BACKBONE_BYTES = 8_000_000
FIGURE_TOLERANCE = 0.002

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the NIH subset is not on this machine")


@pytest.fixture(scope="module")
def manifest() -> dict:
    return json.loads((PACKAGE / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runner() -> PackageRunner:
    return PackageRunner(PACKAGE)


def test_manifest_is_canonical_and_lists_every_file(manifest):
    assert canonical_json(manifest) == (PACKAGE / "manifest.json").read_bytes()
    assert manifest["files"] == file_entries(PACKAGE)


def test_manifest_declares_the_implemented_preprocessing(manifest):
    assert manifest["preprocessing"] == STEPS


def test_backbone_is_small_and_its_batch_is_free(runner):
    assert (PACKAGE / "backbone.onnx").stat().st_size <= MAX_BACKBONE_BYTES
    images = np.random.default_rng(0).normal(size=(3, 3, 224, 224)).astype(np.float32)
    together = runner.embed(images)
    alone = np.concatenate([runner.embed(image[None]) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_head_initialisers_give_the_graph_output(manifest, runner):
    graph = onnx.load(PACKAGE / "head.onnx").graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    length = manifest["embedding"]["length"]
    assert {name: array.shape for name, array in stored.items()} == {
        "mean": (length,), "scale": (length,), "weight": (length, 1), "bias": (1,)
    }
    head = LinearHead(stored["mean"], stored["scale"], stored["weight"][:, 0], float(stored["bias"][0]))
    embeddings = np.random.default_rng(1).normal(head.mean, head.scale, (20, length)).astype(np.float32)
    np.testing.assert_allclose(runner.probability(embeddings), head.probability(embeddings), atol=1e-5)


@pytest.mark.parametrize("index", range(len(GOLDEN_SPECS)))
def test_golden_image_gives_the_expected_values(manifest, runner, index):
    case = manifest["golden"][index]
    pixels = np.asarray(Image.open(PACKAGE / case["image"]))
    drawn = make_phantom(GOLDEN_SPECS[index])
    assert np.abs(pixels.astype(int) - drawn.astype(int)).max() <= 1
    expected = json.loads((PACKAGE / case["expected"]).read_text(encoding="utf-8"))
    embedding = runner.embed(preprocess(pixels)[None])
    values = embedding[0, : len(expected["embedding"])]
    np.testing.assert_allclose(values, expected["embedding"], atol=expected["tolerance"])
    probability = runner.probability(embedding)[0]
    assert probability == pytest.approx(expected["outputs"]["pneumonia"], abs=expected["tolerance"])


def test_reference_histograms_are_complete():
    reference = json.loads((PACKAGE / "reference.json").read_text(encoding="utf-8"))
    card = json.loads((PACKAGE / "card.json").read_text(encoding="utf-8"))
    images = card["data"]["counts"]["shipped"]["images"]
    for feature in reference["features"]:
        assert len(feature["edges"]) == len(feature["counts"]) + 1
        assert np.all(np.diff(feature["edges"]) > 0)
        assert sum(feature["counts"]) == images


@needs_data
def test_card_metrics_are_what_the_graphs_give_on_the_test_part(manifest, runner):
    card = json.loads((PACKAGE / "card.json").read_text(encoding="utf-8"))
    cohort = load_cohort(DATA, "test")
    probabilities = runner.probability(runner.embed_images(cohort.images)).astype(np.float64)
    threshold_milli = manifest["outputs"][0]["operatingPoint"]["thresholdMilli"]
    measured = measure(probabilities, cohort, "test", threshold_milli)
    assert len(measured) == len(card["metrics"])
    for figure, stated in zip(measured, card["metrics"]):
        assert figure["metric"] == stated["metric"]
        assert (figure["patients"], figure["images"]) == (stated["patients"], stated["images"])
        for key in {"value", "low", "high"} & figure.keys():
            assert figure[key] == pytest.approx(stated[key], abs=FIGURE_TOLERANCE)


@needs_data
def test_parts_of_the_split_share_no_patient():
    parts = [set(load_cohort(DATA, part).patients) for part in ("shipped", "site", "test")]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_split_agrees_with_the_table_shared_with_typescript():
    table = json.loads((Path(__file__).parent / "split-golden.json").read_text(encoding="utf-8"))
    assert {patient: split_of_patient(patient) for patient in table} == table


def test_percentile_window_uses_nearest_rank_and_clips():
    values = np.arange(1000, dtype=np.float64).reshape(20, 50)
    windowed = percentile_window(values, 0.5, 99.5)
    assert windowed.flat[4] == 0.0 and windowed.flat[994] == 1.0
    assert windowed.flat[5] == pytest.approx(1 / 990)
    assert not percentile_window(np.full((4, 4), 7.0), 0.5, 99.5).any()


def test_area_resize_weighs_cells_by_their_overlap():
    row = np.array([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(resize_area(row, 1, 2), [[(1 + 0.5 * 2) / 1.5, (0.5 * 2 + 4) / 1.5]])
    np.testing.assert_allclose(resize_area(row, 2, 6), np.repeat(np.repeat(row, 2, 0), 2, 1))


def test_delong_matches_a_hand_computed_case():
    scores, labels = np.array([0.8, 0.4, 0.6, 0.2]), np.array([1, 1, 0, 0])
    estimate = delong(scores, labels)
    assert estimate.value == auc(scores, labels) == 0.75
    spread = (0.75 - estimate.low) / 1.959964
    assert spread**2 == pytest.approx(0.125 / 2 + 0.125 / 2)


def test_wilson_matches_a_published_case():
    estimate = wilson(81, 263)
    assert (estimate.low, estimate.high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))


def test_fitted_head_zeroes_the_gradient():
    random = np.random.default_rng(2)
    features = random.normal(size=(60, 4))
    labels = (features[:, 0] + random.normal(size=60) > 0).astype(float)
    head = fit_head(features, labels, 2.0)
    residual = head.probability(features) - labels
    standardised = (features - head.mean) / head.scale
    np.testing.assert_allclose(standardised.T @ residual + 2.0 * head.weight, 0.0, atol=1e-8)
    assert residual.sum() == pytest.approx(0.0, abs=1e-8)


def test_canonical_json_follows_javascript():
    value = {"b": [1.0, 0.00001, -0.5, True, None], "a": {"ä": "\u2028\n"}}
    assert canonical_json(value).decode() == '{"a":{"ä":"\u2028\\n"},"b":[1,0.00001,-0.5,true,null]}'
