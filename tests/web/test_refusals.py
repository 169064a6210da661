"""What strangers may send: it is refused with a sentence, nothing is written, and the service goes on."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from tests.web.conftest import colored, files_below, inspect, png


@pytest.fixture
def unharmed(client: TestClient) -> Iterator[TestClient]:
    """A client whose service is afterwards as it was before, and alive."""
    before = files_below(client.app.state.folder)
    yield client
    assert files_below(client.app.state.folder) == before
    assert client.get("/v1/inspections").json()["total"] == 0
    assert [one["id"] for one in client.get("/v1/references").json()["references"]] == ["chair"]
    assert inspect(client, colored(20)).status_code == 201
    assert 'kind="internal"' not in client.get("/metrics").text


def refused(answer, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    for word in words:
        assert word in problem["detail"]
    assert "Traceback" not in answer.text
    assert "/tmp" not in answer.text


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG that claims a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def zipped(files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def gltf(uri: str) -> bytes:
    """A triangle whose numbers are elsewhere."""
    return json.dumps(
        {
            "asset": {"version": "2.0"},
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
            "accessors": [{"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3}],
            "bufferViews": [{"buffer": 0, "byteLength": 36}],
            "buffers": [{"byteLength": 36, "uri": uri}],
        }
    ).encode()


PHOTOS = {
    "an SVG named .jpg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "a PDF named .jpg": (b"%PDF-1.7\n1 0 obj", "a PDF document"),
    "a web page": (b"<!doctype html><script>alert(1)</script>", "a web page"),
    "a GLB": (b"glTF\x02\0\0\0", "a 3D model"),
    "nothing": (b"", "empty"),
    "noise": (bytes(range(256)) * 8, "not a photo"),
    "a photo cut short": (colored(20)[:120], "damaged or cut short"),
    "a photo of a few pixels": (png(np.zeros((8, 8, 3), np.uint8)), "expected at least 32 px"),
    "a bomb of a gigapixel": (png_of(40_000, 40_000, bytes(10**6)), "too many pixels"),
    "an empty ground": (png(np.full((64, 64, 3), 255, np.uint8)), "no object found"),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_that_are_none(unharmed: TestClient, name: str) -> None:
    data, reason = PHOTOS[name]
    refused(inspect(unharmed, ("chair.jpg", data)), 422, "chair.jpg", reason)


def test_a_photo_of_100_megapixels(unharmed: TestClient) -> None:
    data = png_of(10_000, 10_000, bytes(10_001 * 10_000))
    assert len(data) < 10**6
    refused(inspect(unharmed, data), 422, "too many pixels", "at most 64 million")


def test_a_text_chunk_that_grows(unharmed: TestClient) -> None:
    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(10**8), 9))
    data = colored(20)
    refused(inspect(unharmed, data[:33] + bomb + data[33:]), 422, "damaged")


MESHES = {
    "a file outside its folder": ("a.gltf", gltf("../../../etc/passwd"), "its data is elsewhere"),
    "an absolute path": ("a.gltf", gltf("/etc/passwd"), "its data is elsewhere"),
    "the network": ("a.gltf", gltf("http://127.0.0.1:1/mesh.bin"), "its data is elsewhere"),
    "the network by https": ("a.gltf", gltf("https://example.org/mesh.bin"), "its data is elsewhere"),
    "a file that is missing": ("a.gltf", gltf("mesh.bin"), "is missing"),
    "a GLB of nothing": ("a.glb", b"glTF", "cut short"),
    "no mesh": ("a.stl", b"not a mesh", "no triangles in it"),
    "an unknown kind": ("a.docx", b"PK\x03\x04", "the ending '.docx' is unknown"),
    "CAD": ("a.step", b"ISO-10303-21;", "export it as GLB"),
    "no kind": ("mesh", b"glTF", "without an ending"),
    "nothing": ("a.obj", b"", "is empty"),
    "a zip that is none": ("a.zip", b"PK\x03\x04 or not", "not a zip archive"),
    "a zip without meshes": ("a.zip", zipped({"notes.txt": b"hello"}), "no meshes"),
    "a zip that climbs": ("a.zip", zipped({"../../evil.obj": b"v 0 0 0"}), "leads out of the archive"),
    "a zip from the root": ("a.zip", zipped({"/etc/evil.obj": b"v 0 0 0"}), "leads out of the archive"),
    "a zip with a drive": ("a.zip", zipped({"C:\\evil.obj": b"v 0 0 0"}), "leads out of the archive"),
    "a zip whose glTF climbs": ("a.zip", zipped({"a.gltf": gltf("../../up.bin")}), "its data is elsewhere"),
}


@pytest.mark.parametrize("name", MESHES)
def test_meshes_that_are_none(unharmed: TestClient, name: str) -> None:
    filename, data, reason = MESHES[name]
    answer = unharmed.post("/v1/references", files={"mesh": (filename, data)})
    refused(answer, 422, reason)


def test_links_in_a_zip(unharmed: TestClient) -> None:
    link = zipfile.ZipInfo("mesh.obj")
    link.external_attr = 0o120777 << 16
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    answer = unharmed.post("/v1/references", files={"mesh": ("a.zip", buffer.getvalue())})
    refused(answer, 422, "leads out of the archive")


def test_a_zip_that_grows(unharmed: TestClient) -> None:
    data = zipped({f"{i}.obj": b"#" * 6_000_000 for i in range(3)})
    assert len(data) < 100_000
    answer = unharmed.post("/v1/references", files={"mesh": ("a.zip", data)})
    refused(answer, 413, "holds more than 16 MB")


def test_a_zip_of_too_many_files(unharmed: TestClient) -> None:
    data = zipped({f"{i}.txt": b"" for i in range(4001)}, zipfile.ZIP_STORED)
    refused(unharmed.post("/v1/references", files={"mesh": ("a.zip", data)}), 413, "holds 4001 files")


def test_a_mesh_of_ten_million_faces(
    start: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start(max_faces=2_000_000)
    monkeypatch.setattr("looking3d.web.service.Gallery.add", lambda *_, **__: pytest.fail("was read"))
    head = b"ply\nformat binary_little_endian 1.0\nelement vertex 3\nelement face 10000000\nend_header\n"
    # The count of a header is believed up to the size of the file.
    files = {"mesh": ("large.ply", head + bytes(3_000_000))}
    refused(client.post("/v1/references", files=files), 422, "large.ply: has 3,000,0", "2,000,000 are taken")
    stl = bytes(80) + struct.pack("<I", 60_000) + bytes(50 * 60_000)
    answer = start(max_faces=50_000).post("/v1/references", files={"mesh": ("a.stl", stl)})
    refused(answer, 422, "has 60,000 faces; at most 50,000 are taken")


def test_a_gltf_that_multiplies_what_it_holds(unharmed: TestClient) -> None:
    document = json.loads(gltf("data:,"))
    triangle = {"attributes": {"POSITION": 0}, "indices": 1}
    document["meshes"] = [{"primitives": [triangle] * 3000}]
    document["accessors"] = [
        {"componentType": 5126, "type": "VEC3", "count": 10**6, "sparse": {"count": 1}},
        {"bufferView": 0, "componentType": 5121, "type": "SCALAR", "count": 3},
    ]
    answer = unharmed.post("/v1/references", files={"mesh": ("a.gltf", json.dumps(document).encode())})
    refused(answer, 422, "faces; at most 200,000")


def test_elements_that_overlap(unharmed: TestClient) -> None:
    document = json.loads(gltf("data:application/octet-stream;base64," + "AAAA" * 100))
    document["buffers"][0]["byteLength"] = document["bufferViews"][0]["byteLength"] = 300
    document["bufferViews"][0]["byteStride"] = 1
    document["accessors"][0]["count"] = 288
    answer = unharmed.post("/v1/references", files={"mesh": ("a.gltf", json.dumps(document).encode())})
    refused(answer, 422, "a stride of 1 bytes")


@pytest.mark.parametrize("id", ["../evil", "..", "a/b", "/etc", ".hidden", "a.b", "x" * 65, "a\x00b", "ä"])
def test_ids_that_lead_elsewhere(unharmed: TestClient, chair_glb: Path, id: str) -> None:
    files = {"mesh": ("a.glb", chair_glb.read_bytes())}
    refused(unharmed.post("/v1/references", files=files, data={"id": id}), 422, "id")
    quoted = "".join(f"%{byte:02x}" for byte in id.encode())
    for path in ("", "/mesh.glb", "/thumbnail", "/calibration"):
        answer = unharmed.get(f"/v1/references/{quoted}{path}")
        assert answer.status_code in (404, 422), answer.text
        refused(answer, answer.status_code)
    assert unharmed.delete(f"/v1/references/{quoted}").status_code in (404, 405, 422)


@pytest.mark.parametrize(
    "name", ["../../evil.glb", "..\\..\\evil.glb", "/etc/evil.glb", "a\x1b[31m\n.glb", "x" * 300 + ".glb"]
)
def test_names_of_files_that_lead_elsewhere(client: TestClient, chair_glb: Path, name: str) -> None:
    data = {"up": "y", "front": "z", "unit": "m", "scan": "no"}
    answer = client.post("/v1/references", files={"mesh": (name, chair_glb.read_bytes())}, data=data)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["source"].endswith(".glb")
    assert made["source"].isprintable()
    assert not set("/\\") & set(made["source"])
    assert len(made["source"]) <= 120
    assert {path.split("/")[0] for path in files_below(client.app.state.folder)} == {
        "chair",
        made["id"],
    }


@pytest.mark.parametrize(
    "data",
    [
        {"threshold": "nan"},
        {"threshold": "-1"},
        {"foreground": "mask"},
        {"foreground": "../x"},
        {"together": "perhaps"},
    ],
)
def test_options_out_of_range(unharmed: TestClient, data: dict[str, str]) -> None:
    refused(inspect(unharmed, colored(20), **data), 422, next(iter(data)))


@pytest.mark.parametrize(
    ("data", "word"),
    [({"up": "w"}, "up"), ({"front": "nan"}, "front"), ({"unit": "ft"}, "unit"), ({"faces": "0"}, "faces")],
)
def test_ways_to_enrol_that_do_not_exist(
    unharmed: TestClient, chair_glb: Path, data: dict[str, str], word: str
) -> None:
    files = {"mesh": ("a.glb", chair_glb.read_bytes())}
    refused(unharmed.post("/v1/references", files=files, data=data), 422, word)


def test_requests_without_what_they_need(unharmed: TestClient) -> None:
    refused(unharmed.post("/v1/references"), 422, "mesh")
    refused(unharmed.post("/v1/references/chair/inspections"), 422, "photos")
    refused(unharmed.post("/v1/references/chair/inspections", data={"photos": "text"}), 422, "photos")
    refused(unharmed.post("/v1/references/table/inspections", files={"photos": colored(1)}), 404, "table")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    refused(unharmed.post("/v1/references", content=b"--y", headers=broken), 400)
    refused(unharmed.put(f"/v1/inspections/{'0' * 32}/mark", content=b"{"), 422)
    refused(unharmed.put(f"/v1/inspections/{'0' * 32}/mark", json={"mark": "right"}), 404)
    refused(unharmed.get("/v1/nothing"), 404)
    refused(unharmed.patch("/v1/references"), 405)
    refused(unharmed.get("/v1/inspections", params={"offset": "-1"}), 422, "offset")


def test_large_requests_are_cut_off(unharmed: TestClient) -> None:
    refused(inspect(unharmed, bytes(5_000_000)), 413, "larger than 4 MB")
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.png"\r\n\r\n'
        for _ in range(200):
            sent += 10**5
            yield bytes(10**5)

    # Without a length in its head.
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = unharmed.post("/v1/references/chair/inspections", content=endless(), headers=kind)
    refused(answer, 413, "larger than 4 MB")


def test_keys(start: Callable[..., TestClient]) -> None:
    client = start(api_key="a long secret")
    for headers in (
        {},
        {"X-API-Key": "a long secre"},
        {"X-API-Key": ""},
        {"X-API-Key": "ä".encode()},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
    ):
        for path in ("/v1/references", "/v1/inspections", "/metrics"):
            answer = client.get(path, headers=headers)
            refused(answer, 401, "the API key is missing or wrong")
            assert answer.headers["www-authenticate"] == "Bearer"
        answer = client.post("/v1/references", content=bytes(100), headers=headers)
        refused(answer, 401)
    for headers in ({"X-API-Key": "a long secret"}, {"Authorization": "Bearer a long secret"}):
        assert client.get("/v1/references", headers=headers).status_code == 200
        assert client.get("/metrics", headers=headers).status_code == 200
    assert client.get("/").status_code == client.get("/health").status_code == 200


def test_the_key_of_the_environment(
    start: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKING3D_API_KEY", "from outside")
    client = start()
    assert client.get("/v1/references").status_code == 401
    assert client.get("/v1/references", headers={"X-API-Key": "from outside"}).status_code == 200


def test_pages_of_others(unharmed: TestClient) -> None:
    answer = unharmed.delete("/v1/references/chair", headers={"Sec-Fetch-Site": "cross-site"})
    refused(answer, 403, "pages of others")
    assert unharmed.get("/v1/references", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_what_fails_inside_shows_no_traceback(start: Callable[..., TestClient]) -> None:
    class Broken:
        def enrol(self, raycaster: object) -> None:
            return None

        def detect(self, photos: list, enrolled: None) -> list:
            raise RuntimeError("a secret of the inside")

    client = start(Broken())
    answer = inspect(client, colored(20))
    refused(answer, 500, "its log says more")
    assert "secret" not in answer.text
    assert client.get("/health/ready").status_code == 200
    assert client.get("/v1/inspections").json()["total"] == 0


def test_a_damaged_reference_is_told(client: TestClient) -> None:
    mesh = client.app.state.folder / "chair" / "mesh.glb"
    mesh.write_bytes(mesh.read_bytes()[:-4])
    refused(inspect(client, colored(20)), 422, "is not what was enrolled")
    mesh.unlink()
    refused(client.get("/v1/references/chair/mesh.glb"), 404, "enrol it again")
    (mesh.parent / "thumbnail.png").write_bytes(b"")
    assert client.get("/v1/references/chair").status_code == 200


def test_photos_in_other_modes_are_taken(client: TestClient) -> None:
    buffer = BytesIO()
    Image.new("CMYK", (64, 64), (0, 0, 0, 0)).save(buffer, "jpeg")
    refused(inspect(client, buffer.getvalue()), 422, "no object found")
