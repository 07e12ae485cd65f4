#version 460
// SPDX-License-Identifier: Apache-2.0
// The picture under one target pixel, premultiplied. Values stay as encoded: no transfer function on the way.

layout(push_constant) uniform Push {
  vec4 rect;
  vec2 target;
  vec2 picture;
  float texels;
  int taps;
  int exact;
  int straight;
} push;
layout(set = 0, binding = 0) uniform sampler2D image;
layout(location = 0) out vec4 colour;

void main() {
  vec2 at = (gl_FragCoord.xy - push.rect.xy) * push.texels; // texel centres lie at .5
  if (push.exact != 0) {
    ivec2 texel = clamp(ivec2(floor(at)), ivec2(0), ivec2(push.picture) - 1);
    colour = texelFetch(image, texel, 0);
  } else {
    // Bilinear samples spread evenly over the square that this pixel covers.
    vec2 size = vec2(textureSize(image, 0));
    float between = push.texels / float(push.taps);
    vec2 first = at + 0.5 * (between - push.texels);
    vec4 sum = vec4(0.0);
    for (int y = 0; y < push.taps; ++y)
      for (int x = 0; x < push.taps; ++x)
        sum += textureLod(image, (first + between * vec2(x, y)) / size, 0.0);
    colour = sum / float(push.taps * push.taps);
  }
  if (push.straight != 0)
    colour.rgb *= colour.a;
}
