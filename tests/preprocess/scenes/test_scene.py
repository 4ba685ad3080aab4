"""Tests of preprocess.scene and the modules that it paints with."""

import numpy as np
import pytest
from PIL import Image

from preprocess.scenes.canvas import LABEL_IDS, Camera, Canvas, flat_rectangle
from preprocess.scenes.light import draw_light
from preprocess.scenes.scene import draw_scene


@pytest.fixture(scope="module")
def scenes():
    return [
        draw_scene(np.random.default_rng(seed), (96, 192)) for seed in range(12)
    ]


def _canvas(size=(40, 60)):
    light = draw_light(np.random.default_rng(0))
    sky = Image.new("RGB", size[::-1], (1, 2, 3))
    camera = Camera(focal_px=60, center_px=30, horizon_px=20, height_m=2)
    return Canvas(sky, camera, light)


def test_pictures_and_label_maps_have_the_asked_size_and_type(scenes):
    for image, label in scenes:
        assert (image.shape, image.dtype) == ((96, 192, 3), np.uint8)
        assert (label.shape, label.dtype) == ((96, 192), np.uint8)


@pytest.mark.parametrize("size", [(32, 32), (33, 77), (160, 40)])
def test_any_size_can_be_drawn(size):
    image, label = draw_scene(np.random.default_rng(5), size)
    assert image.shape == (*size, 3)
    assert label.shape == size


def test_every_label_is_one_of_the_34_ids(scenes):
    assert max(label.max() for _, label in scenes) <= 33


def test_the_classes_of_a_street_occur(scenes):
    seen = set(np.unique(np.stack([label for _, label in scenes])))
    expected = (
        "ego vehicle, road, sidewalk, building, pole, traffic sign, "
        "vegetation, terrain, sky, person, car"
    )
    assert {LABEL_IDS[name] for name in expected.split(", ")} <= seen


def test_road_and_sky_are_in_every_scene(scenes):
    for _, label in scenes:
        assert (label == LABEL_IDS["road"]).mean() > 0.1
        assert LABEL_IDS["sky"] in label


def test_the_same_seed_draws_the_same_scene_and_another_does_not(scenes):
    image, label = draw_scene(np.random.default_rng(3), (96, 192))
    np.testing.assert_array_equal(image, scenes[3][0])
    np.testing.assert_array_equal(label, scenes[3][1])
    assert (image != scenes[4][0]).any()


def test_light_changes_from_scene_to_scene(scenes):
    means = [image.mean() for image, _ in scenes]
    assert max(means) - min(means) > 20


def test_a_shape_gets_its_color_and_its_label_at_the_same_pixels():
    canvas = _canvas()
    canvas.screen_polygon(
        [(10, 5), (19, 5), (19, 14), (10, 14)], (200, 0, 0), "car"
    )
    image, label, _ = canvas.finish()
    inside = np.zeros((40, 60), bool)
    inside[6:14, 11:19] = True
    assert (label[inside] == LABEL_IDS["car"]).all()
    assert (image[inside] == (200, 0, 0)).all()
    assert set(np.unique(label)) == {LABEL_IDS["car"], LABEL_IDS["sky"]}


def test_a_shape_without_a_class_leaves_the_label_map_alone():
    canvas = _canvas()
    canvas.screen_polygon([(0, 0), (60, 0), (60, 40), (0, 40)], (9, 9, 9))
    assert (canvas.finish()[1] == LABEL_IDS["sky"]).all()


def test_a_camera_projects_a_point_on_the_ground():
    camera = Camera(focal_px=60, center_px=30, horizon_px=20, height_m=2)
    assert camera.project((1, 0, 10)) == (36, 32)
    assert camera.pixels(2, 10) == 12


def test_shadows_darken_only_the_ground_they_cover():
    canvas = _canvas()
    canvas.shadow(flat_rectangle(-100, 6, 100, 12), 0.5)
    shadow = canvas.finish()[2]
    assert shadow[35, 30] == 128
    assert shadow[10, 30] == 0
