"""Runs inside Blender: takes shapes and scenes from a pipe, gives layouts and pictures back.

    blender --background --python blender_server.py -- REQUESTS REPLIES FOLDER
    python blender_server.py REQUESTS REPLIES FOLDER         (where bpy can be imported)

REQUESTS and REPLIES are the numbers of two open pipes, so that what Blender prints stays out of the way;
FOLDER is for temporary files, and is removed with the last of the pipes' other ends. A message is its
length, 8 bytes little-endian, and an npz of that length. Only bpy, numpy and the standard library are
needed here; all coordinates are Blender's own (+Z up).
"""

from __future__ import annotations

import importlib
import io
import os
import queue
import shutil
import struct
import sys
import threading
import traceback
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

OLDEST = (4, 4)
"""The oldest Blender whose names are those used here."""

KEPT = 8
"""Shapes that are kept; who asks for another is told so, and sends it again."""

Message = dict[str, np.ndarray]


def pack(message: Message) -> bytes:
    """A message as bytes, its length first."""
    data = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in message.items()}
    np.savez(data, **arrays)
    return struct.pack("<Q", data.tell()) + data.getvalue()


def unpack(data: bytes) -> Message:
    """The message in bytes that come after a length."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


class Studio:
    """One Blender scene: a camera, a sky, a material of pictures, and the shapes that were sent."""

    def __init__(self, bpy: Any, folder: Path) -> None:
        self.bpy, self.folder = bpy, folder
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.shapes: OrderedDict[str, Any] = OrderedDict()
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera
        self._settings()
        self.sky = self._sky()
        self.material, self.pictures = self._material()

    def _settings(self) -> None:
        render, cycles = self.scene.render, self.scene.cycles
        render.engine = "CYCLES"
        render.film_transparent = True
        render.resolution_percentage = 100
        render.use_compositing = render.use_sequencer = False
        render.threads_mode = "FIXED"
        render.use_file_extension = False
        # Linear light as it is: no tone curve of Blender's
        self.scene.view_settings.view_transform = "Raw"
        render.image_settings.file_format = "OPEN_EXR"
        render.image_settings.color_mode = "RGBA"
        render.image_settings.color_depth = "32"
        cycles.device = "CPU"
        cycles.use_adaptive_sampling = False
        cycles.use_auto_tile = False
        cycles.pixel_filter_type = "BOX"
        cycles.transparent_max_bounces = 0
        cycles.sample_clamp_indirect = 3.0
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.use_denoising = True
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        # The guides of polished metal are as noisy as its picture
        cycles.denoising_prefilter = "ACCURATE"
        cycles.denoising_quality = "FAST"

    def _sky(self) -> Any:
        """The node that holds the picture of the sky."""
        world = self.bpy.data.worlds.new("sky")
        self.scene.world = world
        # Blender's own choice for so small a picture costs seconds
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = 512
        tree = _node_tree(world)
        tree.nodes.clear()
        sky = tree.nodes.new("ShaderNodeTexEnvironment")
        background = tree.nodes.new("ShaderNodeBackground")
        output = tree.nodes.new("ShaderNodeOutputWorld")
        tree.links.new(sky.outputs["Color"], background.inputs["Color"])
        tree.links.new(background.outputs["Background"], output.inputs["Surface"])
        return sky

    def _material(self) -> tuple[Any, dict[str, Any]]:
        """The material of all shapes, and the nodes that hold its pictures."""
        material = self.bpy.data.materials.new("surface")
        tree = _node_tree(material)
        tree.nodes.clear()
        output = tree.nodes.new("ShaderNodeOutputMaterial")
        bsdf = tree.nodes.new("ShaderNodeBsdfPrincipled")
        tree.links.new(bsdf.outputs["BSDF"], output.inputs["Surface"])
        nodes = {}
        for name in ("color", "finish", "normal"):
            nodes[name] = tree.nodes.new("ShaderNodeTexImage")
            nodes[name].interpolation = "Linear"
            nodes[name].extension = "EXTEND"
        tree.links.new(nodes["color"].outputs["Color"], bsdf.inputs["Base Color"])
        channels = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(nodes["finish"].outputs["Color"], channels.inputs["Color"])
        for channel, name in (("Red", "Roughness"), ("Green", "Metallic"), ("Blue", "Sheen Weight")):
            tree.links.new(channels.outputs[channel], bsdf.inputs[name])
        bump = tree.nodes.new("ShaderNodeNormalMap")
        bump.space = "OBJECT"
        tree.links.new(nodes["normal"].outputs["Color"], bump.inputs["Color"])
        self._bump, self._bsdf, self._tree = bump, bsdf, tree
        return material, nodes

    def add_shape(self, key: str, vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray) -> Message:
        """Keep a shape, and lay it out flat by Smart UV projection.

        Args:
            key: Its name.
            vertices: (n, 3) points.
            faces: (m, 3) indices of three different vertices.
            normals: (m, 3, 3) unit normals of the corners.

        Returns:
            `uv`, (m, 3, 2) float32 in [0, 1], v upward.
        """
        mesh = self.bpy.data.meshes.new(key)
        mesh.from_pydata(vertices.tolist(), [], faces.tolist())
        shape = self.bpy.data.objects.new(key, mesh)
        mesh.materials.append(self.material)
        self._show(shape)
        self.bpy.context.view_layer.objects.active = shape
        shape.select_set(True)
        self.bpy.ops.object.mode_set(mode="EDIT")
        self.bpy.ops.mesh.select_all(action="SELECT")
        self.bpy.ops.uv.smart_project(angle_limit=np.deg2rad(66.0), island_margin=0.005)
        self.bpy.ops.object.mode_set(mode="OBJECT")
        uv = np.zeros(6 * len(faces), np.float32)
        mesh.uv_layers.active.data.foreach_get("uv", uv)
        mesh.shade_smooth()
        mesh.normals_split_custom_set(normals.reshape(-1, 3).tolist())
        self.shapes[key] = shape
        while len(self.shapes) > KEPT:
            _, old = self.shapes.popitem(last=False)
            self.bpy.data.meshes.remove(old.data)
        return {"uv": uv.reshape(-1, 3, 2)}

    def _show(self, shape: Any) -> None:
        """Put a shape into the scene, alone."""
        objects = self.scene.collection.objects
        for other in [other for other in objects if other.type == "MESH" and other != shape]:
            objects.unlink(other)
        if shape.name not in objects:
            objects.link(shape)

    def render(self, request: Message) -> Message:
        """Path trace a shape that was added.

        Args:
            request: `key`; `size_px` (width, height), `pose` (4, 4) of the camera, `lens` and `shift` as
                Blender's for a sensor of width 1; `sky` (h, 2 h, 3); `color` and `finish` (h, w, 3), the
                latter roughness, metallic and sheen, and if there is one `normal` (h, w, 3), unit
                vectors; `samples`, `bounces`, `seed`, `threads`. Pictures have their lowest row first.

        Returns:
            `rgba`, (height, width, 4) float32 linear light times coverage, and coverage, lowest row
            first; or `unknown` if the shape is not here.
        """
        key = str(request["key"])
        if key not in self.shapes:
            return {"unknown": np.array(True)}
        self.shapes.move_to_end(key)
        self._show(self.shapes[key])
        self._aim(request)
        nodes = {"sky": self.sky, **self.pictures}
        pictures = {name: request[name] for name in nodes if name in request}
        if "normal" in pictures:
            pictures["normal"] = pictures["normal"] * 0.5 + 0.5
            self._tree.links.new(self._bump.outputs["Normal"], self._bsdf.inputs["Normal"])
        else:
            for link in list(self._bsdf.inputs["Normal"].links):
                self._tree.links.remove(link)
        for name, picture in pictures.items():
            nodes[name].image = self._image(name, picture)
        try:
            return {"rgba": self._shoot()}
        finally:
            for name in pictures:
                self.bpy.data.images.remove(nodes[name].image)

    def _aim(self, request: Message) -> None:
        """Set the camera and how it takes pictures."""
        camera, render, cycles = self.camera.data, self.scene.render, self.scene.cycles
        render.resolution_x, render.resolution_y = (int(n) for n in request["size_px"])
        # A sensor of 32 mm is exact in binary
        camera.sensor_fit, camera.sensor_width = "HORIZONTAL", 32.0
        camera.lens = float(request["lens"]) * 32.0
        camera.shift_x, camera.shift_y = (float(s) for s in request["shift"])
        camera.clip_start, camera.clip_end = 0.01, 100.0
        self.camera.matrix_world = request["pose"].T.tolist()
        render.threads = int(request["threads"])
        bounces = int(request["bounces"])
        cycles.samples, cycles.seed = int(request["samples"]), int(request["seed"])
        cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = bounces

    def _image(self, name: str, picture: np.ndarray) -> Any:
        height, width = picture.shape[:2]
        image = self.bpy.data.images.new(name, width, height, float_buffer=True, is_data=True)
        rgba = np.ones((height, width, 4), np.float32)
        rgba[..., :3] = picture
        image.pixels.foreach_set(rgba.ravel())
        image.update()
        return image

    def _shoot(self) -> np.ndarray:
        path = self.folder / "photo.exr"
        self.scene.render.filepath = str(path)
        self.bpy.ops.render.render(write_still=True)
        image = self.bpy.data.images.load(str(path), check_existing=False)
        width, height = image.size
        rgba = np.zeros(width * height * 4, np.float32)
        image.pixels.foreach_get(rgba)
        self.bpy.data.images.remove(image)
        path.unlink()
        return rgba.reshape(height, width, 4)


def _node_tree(owner: Any) -> Any:
    """The nodes of a material or a world, which before Blender 5 had to be asked for."""
    if not owner.node_tree:
        owner.use_nodes = True
    return owner.node_tree


def _answer(studio: Studio, request: Message) -> Message:
    if "faces" in request:
        return studio.add_shape(
            str(request["key"]), request["vertices"], request["faces"], request["normals"]
        )
    return studio.render(request)


def _read_all(pipe: Any, waiting: queue.SimpleQueue[bytes], folder: Path) -> None:
    """Put requests into a queue; end this process when there can be no more, whatever it is doing."""
    while len(head := pipe.read(8)) == 8:
        waiting.put(pipe.read(struct.unpack("<Q", head)[0]))
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def serve(requests: int, replies: int, folder: Path) -> None:
    """Answer requests until the other end of the pipes is closed.

    Args:
        requests: Open pipe to read from.
        replies: Open pipe to write to.
        folder: For temporary files.
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(
        target=_read_all, args=(os.fdopen(requests, "rb"), waiting, folder), daemon=True
    )
    reader.start()
    with os.fdopen(replies, "wb", buffering=0) as out:

        def reply(message: Message) -> None:
            view = memoryview(pack(message))
            try:
                while view:
                    view = view[out.write(view) :]
            except BrokenPipeError:
                # Who asked is gone: the reader sees it too, cleans up, and ends this process
                reader.join()

        bpy = importlib.import_module("bpy")
        if bpy.app.version < OLDEST:
            reply({"error": np.array(f"Blender {bpy.app.version_string} is too old")})
            return
        studio = Studio(bpy, folder)
        reply({"ready": np.array(bpy.app.version_string)})
        while True:
            request = unpack(waiting.get())
            try:
                answer = _answer(studio, request)
            except Exception as error:
                traceback.print_exc()
                answer = {"error": np.array(f"{type(error).__name__}: {error}".strip())}
            reply(answer)


if __name__ == "__main__":
    serve(int(sys.argv[-3]), int(sys.argv[-2]), Path(sys.argv[-1]))
