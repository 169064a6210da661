// A 3D model to turn: by WebGL from the GLB that the service writes, or as a turntable of pictures.

const VERTEX = `#version 300 es
in vec3 position;
uniform mat4 T_clip_world;
uniform mat4 T_camera_world;
out vec3 p_camera;
void main() {
  p_camera = (T_camera_world * vec4(position, 1.0)).xyz;
  gl_Position = T_clip_world * vec4(position, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 p_camera;
uniform vec3 color;
out vec4 pixel;
void main() {
  vec3 normal = normalize(cross(dFdx(p_camera), dFdy(p_camera)));
  float light = 0.35 + 0.65 * abs(dot(normal, normalize(vec3(0.35, 0.6, 1.0))));
  pixel = vec4(color * light, 1.0);
}`;

/** Shows a model in an element; `load` gives its GLB as an ArrayBuffer, `turntable` the URL of 4 x 2 views. */
export async function show(element, load, turntable) {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", { antialias: true });
  if (gl) {
    element.dataset.kind = "webgl";
    element.replaceChildren(canvas);
    turnable(element, scene(gl, canvas, parts(await load())));
  } else {
    element.dataset.kind = "turntable";
    const image = document.createElement("img");
    image.alt = "The 3D model, from eight sides";
    image.src = await turntable();
    element.replaceChildren(image);
    turnable(element, (azimuth) => {
      const view = ((Math.round(azimuth / (Math.PI / 4)) % 8) + 8) % 8;
      image.style.left = `${-100 * (view % 4)}%`;
      image.style.top = `${-100 * Math.floor(view / 4)}%`;
    });
  }
}

/** Positions and indices of each part of a GLB, as the service lays it out: one primitive a node. */
function parts(buffer) {
  const head = new DataView(buffer);
  const length = head.getUint32(12, true);
  const document = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, length)));
  const binary = 20 + length + 8;
  const read = (index, Kind, width) => {
    const accessor = document.accessors[index];
    const view = document.bufferViews[accessor.bufferView];
    return new Kind(buffer, binary + (view.byteOffset ?? 0), accessor.count * width);
  };
  return document.meshes.map(({ primitives: [primitive] }) => ({
    positions: read(primitive.attributes.POSITION, Float32Array, 3),
    indices: read(primitive.indices, Uint32Array, 1),
  }));
}

/** Puts a model on the graphics card; returns what draws it from an azimuth and an elevation. */
function scene(gl, canvas, model) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.DEPTH_TEST);
  gl.clearColor(1, 1, 1, 1);
  const at = (name) => gl.getUniformLocation(program, name);
  const position = gl.getAttribLocation(program, "position");
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const drawn = model.map(({ positions, indices }, number) => {
    for (let i = 0; i < positions.length; i++) {
      low[i % 3] = Math.min(low[i % 3], positions[i]);
      high[i % 3] = Math.max(high[i % 3], positions[i]);
    }
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(position);
    gl.vertexAttribPointer(position, 3, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
    return { array, count: indices.length, color: color(number) };
  });
  const middle = low.map((value, i) => (value + high[i]) / 2);
  const radius = Math.hypot(...high.map((value, i) => value - low[i])) / 2 || 1;
  return (azimuth, elevation) => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio) || 300;
    canvas.width = canvas.height = side;
    gl.viewport(0, 0, side, side);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const T_camera_world = camera(azimuth, elevation, middle, 3.2 * radius);
    gl.uniformMatrix4fv(at("T_camera_world"), true, T_camera_world);
    gl.uniformMatrix4fv(at("T_clip_world"), true, product(projection(3, 0.5 * radius, 8 * radius), T_camera_world));
    for (const part of drawn) {
      gl.uniform3fv(at("color"), part.color);
      gl.bindVertexArray(part.array);
      gl.drawElements(gl.TRIANGLES, part.count, gl.UNSIGNED_INT, 0);
    }
  };
}

/** Pale colours, far apart for parts that follow each other. */
function color(number) {
  const hue = (number * 0.618034) % 1;
  return [0, 1 / 3, 2 / 3].map((shift) => 0.78 + 0.16 * Math.cos(2 * Math.PI * (hue + shift)));
}

/** Row by row: from the world to a camera that looks at `middle`, 0 azimuth from +Z, up +Y. */
function camera(azimuth, elevation, middle, distance) {
  const [sa, ca, se, ce] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
  const axes = [[ca, 0, -sa], [-sa * se, ce, -ca * se], [sa * ce, se, ca * ce]];
  const rows = axes.map((axis, i) => [
    ...axis,
    -axis.reduce((sum, value, j) => sum + value * middle[j], 0) - (i === 2 ? distance : 0),
  ]);
  return [...rows.flat(), 0, 0, 0, 1];
}

function projection(zoom, near, far) {
  return [zoom, 0, 0, 0, 0, zoom, 0, 0, 0, 0, (near + far) / (near - far), (2 * near * far) / (near - far), 0, 0, -1, 0];
}

function product(a, b) {
  return Array.from({ length: 16 }, (_, at) => {
    const [row, column] = [Math.floor(at / 4), at % 4];
    return [0, 1, 2, 3].reduce((sum, k) => sum + a[4 * row + k] * b[4 * k + column], 0);
  });
}

/** Draws at once, and again whenever the pointer or an arrow key turns the model. */
function turnable(element, draw) {
  let [azimuth, elevation, last] = [Math.PI / 5, Math.PI / 9, null];
  const turn = (right, up) => {
    azimuth -= right;
    elevation = Math.min(1.5, Math.max(-1.5, elevation + up));
    draw(azimuth, elevation);
  };
  element.tabIndex = 0;
  element.onpointerdown = (event) => {
    element.setPointerCapture(event.pointerId);
    last = event;
  };
  element.onpointermove = (event) => {
    if (!last) return;
    turn((event.clientX - last.clientX) / 90, (event.clientY - last.clientY) / 90);
    last = event;
  };
  element.onpointerup = element.onpointercancel = () => (last = null);
  element.onkeydown = (event) => {
    const steps = { ArrowLeft: [-0.4, 0], ArrowRight: [0.4, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] };
    if (!steps[event.key]) return;
    event.preventDefault();
    turn(...steps[event.key]);
  };
  requestAnimationFrame(() => turn(0, 0));
}
