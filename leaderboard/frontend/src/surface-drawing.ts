// Draws panes of the cortex with WebGL 2: one program, the buffers of two hemispheres, one ramp.
import type { Colours } from "./surface-colours.ts";
import { N_VERTICES, SIDES, type Mesh, type Side, type Surface } from "./surface-mesh.ts";
import { orderOf, reordered, type Order } from "./surface-order.ts";
import type { Values } from "./surface-values.ts";
import { axesOf, scaleOf, type Pane } from "./surface-views.ts";

export type Scene = {
  panes: Pane[];
  zoom: number;
  surface: Surface;
  low: number;
  high: number;
  threshold: number;
};

// As leaderboard/surface_png.py draws, whose pictures stand in the same place before.
// Light is worked out at the vertices, of which there are fewer than pixels.
const SULCUS = 0.6;
const VERTEX = `#version 300 es
in vec3 place, normal;
in float grey, value;
uniform mat3 axes;
uniform vec2 scale;
uniform float contrast;
out float bare, lit, weight, weighted;
const vec3 LIGHT = normalize(vec3(-0.25, 0.5, 0.83));
const float DARKEST = 0.58;
void main() {
  vec3 at = place * axes, outward = normal * axes;
  float light = clamp(0.5 * dot(outward, LIGHT) + 0.5 * sqrt(abs(outward.z)), 0.0, 1.0);
  lit = DARKEST + (1.0 - DARKEST) * light;
  bare = pow(grey * lit, contrast);
  weight = isnan(value) ? 0.0 : 1.0;
  weighted = isnan(value) ? 0.0 : value;
  gl_Position = vec4(at.xy * scale, -at.z / 400.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in float bare, lit, weight, weighted;
uniform sampler2D ramp;
uniform vec3 cortex, ends;
out vec4 colour;
// Edges of what is shown are as wide as a pixel.
float beyond(float edge, float x) { return clamp((x - edge) / max(fwidth(x), 1e-6) + 0.5, 0.0, 1.0); }
void main() {
  float value = weighted / max(weight, 0.01);
  float share = clamp((value - ends.x) / (ends.y - ends.x), 0.0, 1.0);
  vec3 painted = texture(ramp, vec2((share * 255.0 + 0.5) / 256.0, 0.5)).rgb * lit;
  float there = beyond(0.5, weight);
  if (ends.z > 0.0) there *= beyond(ends.z, abs(value));
  colour = vec4(mix(cortex * bare, painted, there), 1.0);
}`;

type Shape = { array: WebGLVertexArrayObject; facings: Float32Array };

export class Drawing {
  /** Without a card every pixel costs. */
  readonly isBySoftware: boolean;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #sides: Record<Side, Record<Surface, Shape> & { values: WebGLBuffer }>;
  readonly #ramp: WebGLTexture;
  readonly #order: Order;
  readonly #facing: Uint16Array<ArrayBuffer>;

  /** Of a context that is not lost; made anew when one is restored. */
  constructor(gl: WebGL2RenderingContext, mesh: Mesh) {
    this.#gl = gl;
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
    this.isBySoftware = /swiftshader|llvmpipe|software/i.test(renderer);
    this.#program = programOf(gl);
    this.#order = orderOf(mesh.triangles, N_VERTICES);
    const { vertices, triangles } = this.#order;
    this.#facing = new Uint16Array(mesh.triangles.length);
    const buffer = (target: number, content: AllowSharedBufferSource) => {
      const made = gl.createBuffer();
      gl.bindBuffer(target, made);
      gl.bufferData(target, content, gl.STATIC_DRAW);
      return made;
    };
    const elements = gl.createBuffer();
    const side = (name: Side) => {
      const { sulcal } = mesh[name];
      const grey = buffer(
        gl.ARRAY_BUFFER,
        reordered(sulcal, vertices, 1).map((depth) => SULCUS + (1 - SULCUS) / (1 + Math.exp(6 * depth))),
      );
      const values = buffer(gl.ARRAY_BUFFER, new Float32Array(sulcal.length).fill(NaN));
      const shape = (surface: Surface): Shape => {
        const array = gl.createVertexArray();
        gl.bindVertexArray(array);
        const { places, normals, facings } = mesh[name][surface];
        const attributes = [
          ["place", 3, buffer(gl.ARRAY_BUFFER, reordered(places, vertices, 3))],
          ["normal", 3, buffer(gl.ARRAY_BUFFER, reordered(normals, vertices, 3))],
          ["grey", 1, grey],
          ["value", 1, values],
        ] as const;
        for (const [attribute, size, content] of attributes) {
          const at = gl.getAttribLocation(this.#program, attribute);
          gl.bindBuffer(gl.ARRAY_BUFFER, content);
          gl.enableVertexAttribArray(at);
          gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
        }
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, elements);
        return { array, facings: reordered(facings, triangles, 3) };
      };
      return { inflated: shape("inflated"), pial: shape("pial"), values };
    };
    this.#sides = { left: side("left"), right: side("right") };
    gl.bindVertexArray(null);
    this.#ramp = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#ramp);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
    gl.useProgram(this.#program);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.SCISSOR_TEST);
  }

  setValues(values: Values): void {
    const gl = this.#gl;
    for (const side of SIDES) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#sides[side].values);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, reordered(values[side], this.#order.vertices, 1));
    }
  }

  setColours({ ramp, cortex, sulcus }: Colours): void {
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#ramp);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, ramp.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, ramp);
    gl.uniform3fv(this.#at("cortex"), cortex.map((channel) => channel / 255));
    const [lit, deep] = [cortex, sulcus].map((colour) => colour.reduce((sum, channel) => sum + channel));
    gl.uniform1f(this.#at("contrast"), Math.log(deep! / lit!) / Math.log(SULCUS));
  }

  draw({ panes, zoom, surface, low, high, threshold }: Scene): void {
    const gl = this.#gl;
    const { width, height } = gl.canvas;
    gl.uniform3f(this.#at("ends"), low, high, threshold);
    for (const pane of panes) {
      const [w, h] = [pane.width * width, pane.height * height];
      const box = [pane.x * width, (1 - pane.y - pane.height) * height, w, h] as const;
      gl.viewport(...box);
      gl.scissor(...box);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const scale = scaleOf(w, h, zoom);
      const axes = axesOf(pane);
      gl.uniformMatrix3fv(this.#at("axes"), false, axes);
      gl.uniform2f(this.#at("scale"), (2 * scale) / w, (2 * scale) / h);
      const { array, facings } = this.#sides[pane.side][surface];
      gl.bindVertexArray(array);
      const facing = this.#facingTo(facings, axes.slice(6));
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, facing, gl.STREAM_DRAW);
      gl.drawElements(gl.TRIANGLES, facing.length, gl.UNSIGNED_SHORT, 0);
    }
    gl.bindVertexArray(null);
  }

  /** The triangles that face the viewer. The card would leave out the others too, but later. */
  #facingTo(facings: Float32Array, towards: number[]): Uint16Array<ArrayBuffer> {
    const { corners } = this.#order;
    const [x, y, z] = towards as [number, number, number];
    let n = 0;
    for (let at = 0; at < facings.length; at += 3) {
      if (x * facings[at]! + y * facings[at + 1]! + z * facings[at + 2]! <= 0) continue;
      this.#facing[n++] = corners[at]!;
      this.#facing[n++] = corners[at + 1]!;
      this.#facing[n++] = corners[at + 2]!;
    }
    return this.#facing.subarray(0, n);
  }

  #at(name: string): WebGLUniformLocation | null {
    return this.#gl.getUniformLocation(this.#program, name);
  }
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(gl.getProgramInfoLog(program) ?? "the program could not be linked");
  return program;
}
