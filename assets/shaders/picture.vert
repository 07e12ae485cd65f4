#version 460
// SPDX-License-Identifier: Apache-2.0
// A rectangle of the target, as a strip of four corners.

layout(push_constant) uniform Push {
  vec4 rect;        // left, top, right, bottom in target pixels
  vec2 target;      // size of the target in pixels
  vec2 picture;     // size of the picture in texels
  float texels;     // texels per target pixel
  int taps;         // samples per axis that average one target pixel
  int exact;        // 1: the texel under the pixel's centre, unfiltered
  int straight;     // 1: colour is not multiplied with alpha yet
} push;

void main() {
  vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1);
  vec2 at = mix(push.rect.xy, push.rect.zw, corner);
  gl_Position = vec4(at / push.target * 2.0 - 1.0, 0.0, 1.0);
}
