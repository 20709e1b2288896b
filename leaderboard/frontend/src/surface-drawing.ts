// Draws panes of the cortex with WebGL 2: one program, the buffers of two hemispheres, one ramp.
import type { Colours } from "./surface-colours.ts";
import { SIDES, type Mesh, type Side, type Surface } from "./surface-mesh.ts";
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
uniform vec3 cortex;
uniform float contrast;
out vec3 bare;
out float lit, weight, weighted;
const vec3 LIGHT = normalize(vec3(-0.25, 0.5, 0.83));
const float DARKEST = 0.58;
void main() {
  vec3 at = place * axes, outward = normal * axes;
  float light = clamp(0.5 * dot(outward, LIGHT) + 0.5 * sqrt(abs(outward.z)), 0.0, 1.0);
  lit = DARKEST + (1.0 - DARKEST) * light;
  bare = cortex * pow(grey * lit, contrast);
  weight = isnan(value) ? 0.0 : 1.0;
  weighted = isnan(value) ? 0.0 : value;
  gl_Position = vec4(at.xy * scale, -at.z / 400.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 bare;
in float lit, weight, weighted;
uniform sampler2D ramp;
uniform vec3 ends;
out vec4 colour;
// Edges of what is shown are as wide as a pixel.
float beyond(float edge, float x) { return clamp((x - edge) / max(fwidth(x), 1e-6) + 0.5, 0.0, 1.0); }
void main() {
  float value = weighted / max(weight, 0.01);
  float share = clamp((value - ends.x) / (ends.y - ends.x), 0.0, 1.0);
  vec3 painted = texture(ramp, vec2((share * 255.0 + 0.5) / 256.0, 0.5)).rgb * lit;
  float there = beyond(0.5, weight);
  if (ends.z > 0.0) there *= beyond(ends.z, abs(value));
  colour = vec4(mix(bare, painted, there), 1.0);
}`;

export class Drawing {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #sides: Record<Side, Record<Surface, WebGLVertexArrayObject> & { values: WebGLBuffer }>;
  readonly #ramp: WebGLTexture;
  readonly #count: number;

  /** Of a context that is not lost; made anew when one is restored. */
  constructor(gl: WebGL2RenderingContext, mesh: Mesh) {
    this.#gl = gl;
    this.#program = programOf(gl);
    this.#count = mesh.triangles.length;
    const buffer = (target: number, content: AllowSharedBufferSource) => {
      const made = gl.createBuffer();
      gl.bindBuffer(target, made);
      gl.bufferData(target, content, gl.STATIC_DRAW);
      return made;
    };
    const triangles = buffer(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles);
    const side = (name: Side) => {
      const { sulcal } = mesh[name];
      const grey = buffer(
        gl.ARRAY_BUFFER,
        sulcal.map((depth) => SULCUS + (1 - SULCUS) / (1 + Math.exp(6 * depth))),
      );
      const values = buffer(gl.ARRAY_BUFFER, new Float32Array(sulcal.length).fill(NaN));
      const array = (surface: Surface) => {
        const made = gl.createVertexArray();
        gl.bindVertexArray(made);
        const { places, normals } = mesh[name][surface];
        const attributes = [
          ["place", 3, buffer(gl.ARRAY_BUFFER, places)],
          ["normal", 3, buffer(gl.ARRAY_BUFFER, normals)],
          ["grey", 1, grey],
          ["value", 1, values],
        ] as const;
        for (const [attribute, size, content] of attributes) {
          const at = gl.getAttribLocation(this.#program, attribute);
          gl.bindBuffer(gl.ARRAY_BUFFER, content);
          gl.enableVertexAttribArray(at);
          gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
        }
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, triangles);
        return made;
      };
      return { inflated: array("inflated"), pial: array("pial"), values };
    };
    this.#sides = { left: side("left"), right: side("right") };
    gl.bindVertexArray(null);
    this.#ramp = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#ramp);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
    gl.useProgram(this.#program);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    gl.enable(gl.SCISSOR_TEST);
  }

  setValues(values: Values): void {
    const gl = this.#gl;
    for (const side of SIDES) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#sides[side].values);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, values[side]);
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
      gl.uniformMatrix3fv(this.#at("axes"), false, axesOf(pane));
      gl.uniform2f(this.#at("scale"), (2 * scale) / w, (2 * scale) / h);
      gl.bindVertexArray(this.#sides[pane.side][surface]);
      gl.drawElements(gl.TRIANGLES, this.#count, gl.UNSIGNED_SHORT, 0);
    }
    gl.bindVertexArray(null);
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
