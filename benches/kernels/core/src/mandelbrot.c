/* How soon the points of a grid leave the circle of radius 2. */
#include "kernel.h"

enum { WIDTH = 96, HEIGHT = 64, MOST = 200 };

EXPORT("run") i64 run(i32 n) {
  u64 sum = 0;
  for (i32 frame = 0; frame < n; frame++) {
    double zoom = 1.0 / (1 + frame);
    for (int py = 0; py < HEIGHT; py++)
      for (int px = 0; px < WIDTH; px++) {
        double cx = -0.743 + (px - WIDTH / 2) * 3.0 / WIDTH * zoom, cy = 0.131 + (py - HEIGHT / 2) * 2.0 / HEIGHT * zoom;
        double x = 0, y = 0;
        int steps = 0;
        while (steps < MOST && x * x + y * y <= 4) {
          double next = x * x - y * y + cx;
          y = 2 * x * y + cy;
          x = next;
          steps++;
        }
        sum = sum * 31 + (u32)steps;
      }
  }
  return (i64)sum;
}
