"""The description of an export: everything around the graphs, for those who write it in another language."""

from __future__ import annotations

from typing import Any

from looking3d.geometry.camera import FOCAL_PER_WIDTH, REFERENCE_DISTANCE, REFERENCE_RADIUS
from looking3d.model.align import align, gauss_newton, outline
from looking3d.model.align.network import CELL_PX, HEAT_CELLS, CameraNet, CompareNet
from looking3d.model.query import FILL, SMALLEST_PIECE

_FULL, _LARGE, _SMALL = CompareNet.size_px, CameraNet.large_px, CameraNet.size_px


def _steps(text: str) -> tuple[str, ...]:
    """A step a paragraph."""
    return tuple(" ".join(step.split()) for step in text.strip().split("\n\n"))


PRE_PROCESSING = _steps(f"""
Decode the photo to 8-bit sRGB, three channels in the order R, G, B, upright (EXIF orientation applied).
An object that was cut out lies on white.

A window is a square of the photo (x, y, side, in its pixels; it may reach outside). Resample it to
{_LARGE} x {_LARGE} px: if side / {_LARGE} is over 1.5, first shrink the whole photo by that factor with area
averaging; then sample bilinearly, pixel centres at +0.5. Outside the photo its border goes on; if a mask of
the object is known, whose ground is then white, it is white there.

If it is not known where the object is: start with the smallest centred window that holds the whole photo.
Twice: run query; threshold foreground at max(faintest, min(0.5, half its maximum)); drop pieces
(8-connected) smaller than smallest_piece of the largest; the next window has the centre of the box of the
rest, and its longer side over fill for a side. Run query in the last window; foreground outside the pieces
that count becomes 0.

If a mask of the object is known, the window is that around its box, and foreground is the mask, resampled
the same way to {_SMALL} x {_SMALL}, 0 outside the photo. Otherwise foreground is averaged to {_SMALL} x
{_SMALL} for what follows.

The solid mask, {_LARGE} x {_LARGE}, is the known mask resampled the same way, where it is at least 0.5, or
the thresholded foreground before it was averaged.

query normalises by itself: it takes the uint8 window, and gives photo_128 and photo_64.
""")

POSE_SEARCH = _steps(f"""
The reference is centred on its bounding box, with a bounding sphere of reference_radius; x right, y up,
right-handed.

A pose is (azimuth a, elevation e, roll r, log scale, shift x, shift y, log focal), angles in radians. The
camera has OpenCV's axes (x right, y down, z forward) and looks at the origin: p_camera = R p_world +
(0, 0, distance), R = [[cos r, -sin r, 0], [sin r, cos r, 0], [0, 0, 1]] diag(1, -1, -1)
[[1, 0, 0], [0, cos e, -sin e], [0, sin e, cos e]] [[cos a, 0, -sin a], [0, 1, 0], [sin a, 0, cos a]].
distance = reference_distance exp(log focal - log scale), focal length = focal_per_width size exp(log focal)
px, principal point = (0.5 + shift) size px.

Overlap of a mask with foreground is the sum of minima over the sum of maxima. Rank the templates of the
reference by it and keep the first `candidates`.

The outline of a mask: its pixels of which not all eight neighbours are in it (beyond the picture counts as in
it), row by row. A pixel faces along minus the Sobel gradient (x, y) of the mask smoothed by a Gaussian of
1.5 px; where that is shorter than 1e-4 the pixel is left out. Of a drawing, n of them evenly spread stand for
all, numbers floor(i (count - 1) / (n - 1)); n = outline_points at {_LARGE} px, half of that at {_SMALL} px.
Each has the world point that the drawing shows there.

To fit outlines with slacks is one round a slack. Project the points at the present pose, in image widths.
Match each with the nearest outline pixel of the solid mask, and each of photo_points evenly spread outline
pixels of the solid mask with the nearest projected point; near by position and turned times unit normal.
The residual of a match is its distance along the normal of the solid mask's pixel; it weighs
1 / (b max(|residual|, b / 2)) / (1 + (residual / slack)^2) with b = outline_expected. Linearise the
projection and solve the 7 x 7 normal equations in double precision. Priors: 1 / step_sigma^2 on the way from
the pose before the first round, 1 / nominal_sigma^2 on roll and log focal towards 0. If the photo's focal
length f is known (pixels of the photo), log focal is held towards log(f / (focal_per_width side)) instead,
with 1 / known_focal_sigma^2. After the last round poses are rounded to multiples of pose_step.

Fit the outlines of the candidates with slacks[0]. Draw them at {_SMALL} px; keep the first survivors[0] by
overlap; fit these drawings' outlines with slacks[1].

Draw them at {_SMALL} px and run camera with photo_64: the fit of each is overlap times sigmoid(score). Keep
the first survivors[1] by fit. Fit their outlines with slacks[2], and in the same equations their flow: the
world point of each {CELL_PX} x {CELL_PX} px cell that shows the object (that of the pixel on the object
nearest to the cell's centre, the upper left one of equals) should be seen at its projection when it was
drawn, plus flow. A cell weighs 1 / (b max(d, b / 2)), b = exp(log_spread), d the length of its residual.

For each of the remaining slacks but the last: draw at {_LARGE} px, fit. Draw at {_LARGE} px and run camera
with photo_{_LARGE}; keep the pose of the highest fit, its overlap being that with the solid mask. Fit its
outlines with the last slacks, and in the same equations its flow: the answer.
""")

DRAWING = _steps("""
One ray through the centre of each pixel, at +0.5; the nearest face counts, both sides of a face alike.

Channel 0: 2 g - 1, g = 0.12 + 0.33 (-n.z) + 0.45 clip(n . (-0.35, -0.75, -0.56), 0, 1); 1 on the ground. n
is the flat unit normal of the face in camera axes, turned towards the camera.

Channels 1 to 3: n; 0 on the ground.

Channel 4: (distance - depth) / reference_radius, depth along the optical axis; 0 on the ground.
""")

POST_PROCESSING = _steps(f"""
Draw the reference at the pose that was found, at {_FULL} px, and run compare with the window of the photo
resampled to {_FULL} x {_FULL} px in the same way, uint8; it normalises by itself.

probability is that of an anomaly; the verdict is `anomalous` from a threshold on, 0.5 unless calibrated.

heat_map covers the window: the middle of patch (row, column) lies at x + (column + 0.5) side / {HEAT_CELLS}
of the photo, likewise in y; resample it bilinearly.

The overlap of the drawing's mask, averaged to {_SMALL} x {_SMALL}, with foreground tells whether the pose can
be trusted: below 0.5 the verdict means little.
""")


def description() -> dict[str, Any]:
    """All steps in order, and the numbers in them, as plain values."""
    return {
        "pre_processing": list(PRE_PROCESSING),
        "pose_search": list(POSE_SEARCH),
        "drawing": list(DRAWING),
        "post_processing": list(POST_PROCESSING),
        "constants": {
            "reference_radius": REFERENCE_RADIUS,
            "reference_distance": REFERENCE_DISTANCE,
            "focal_per_width": FOCAL_PER_WIDTH,
            "fill": FILL,
            "smallest_piece": SMALLEST_PIECE,
            "faintest": align.FAINTEST,
            "candidates": align.CANDIDATES,
            "survivors": list(align.SURVIVORS),
            "slacks": [
                list(slacks)
                for slacks in (
                    align.FIRST_SLACKS,
                    align.SECOND_SLACKS,
                    align.THIRD_SLACKS,
                    *align.FINE_SLACKS,
                    align.LAST_SLACKS,
                )
            ],
            "outline_points": align.OUTLINE_POINTS,
            "photo_points": list(align.PHOTO_POINTS),
            "turned": outline.TURNED,
            "outline_expected": outline.EXPECTED,
            "pose_step": align.POSE_STEP,
            "step_sigma": list(gauss_newton.STEP_SIGMA),
            "nominal_sigma": {
                "roll": gauss_newton.NOMINAL_SIGMA[gauss_newton.ROLL],
                "log_focal": gauss_newton.NOMINAL_SIGMA[gauss_newton.LOG_FOCAL],
            },
            "known_focal_sigma": gauss_newton.KNOWN_FOCAL_SIGMA,
        },
    }
