/* Bodies that attract each other, in steps of equal time. */
#include "kernel.h"

enum { BODIES = 6 };
static struct {
  double x, y, z, vx, vy, vz, mass;
} body[BODIES];

static NOINLINE void step(double dt) {
  for (int i = 0; i < BODIES; i++)
    for (int j = i + 1; j < BODIES; j++) {
      double dx = body[i].x - body[j].x, dy = body[i].y - body[j].y, dz = body[i].z - body[j].z;
      double square = dx * dx + dy * dy + dz * dz + 0.01;
      double pull = dt / (square * __builtin_sqrt(square));
      body[i].vx -= dx * body[j].mass * pull;
      body[i].vy -= dy * body[j].mass * pull;
      body[i].vz -= dz * body[j].mass * pull;
      body[j].vx += dx * body[i].mass * pull;
      body[j].vy += dy * body[i].mass * pull;
      body[j].vz += dz * body[i].mass * pull;
    }
  for (int i = 0; i < BODIES; i++) {
    body[i].x += dt * body[i].vx;
    body[i].y += dt * body[i].vy;
    body[i].z += dt * body[i].vz;
  }
}

EXPORT("run") i64 run(i32 n) {
  random_state = 7;
  for (int i = 0; i < BODIES; i++) {
    body[i].x = random_bits() % 2000 / 100.0 - 10;
    body[i].y = random_bits() % 2000 / 100.0 - 10;
    body[i].z = random_bits() % 2000 / 100.0 - 10;
    body[i].vx = random_bits() % 2000 / 1000.0 - 1;
    body[i].vy = random_bits() % 2000 / 1000.0 - 1;
    body[i].vz = random_bits() % 2000 / 1000.0 - 1;
    body[i].mass = 1 + random_bits() % 100 / 10.0;
  }
  for (i32 i = 0; i < n; i++) step(0.001);
  double sum = 0;
  for (int i = 0; i < BODIES; i++) sum += body[i].x * 3 + body[i].y * 5 + body[i].z * 7;
  return (i64)(sum * 1e9);
}
