import { timed } from './timed.mjs';

/** Sun, Jupiter, Saturn, Uranus, Neptune: position, velocity, mass, in a system of their own. */
const bodies = () => [
  { x: 0, y: 0, z: 0, vx: 0, vy: 0, vz: 0, mass: 39.47 },
  { x: 4.84, y: -1.16, z: -0.1, vx: 0.6, vy: 2.81, vz: -0.02, mass: 0.037 },
  { x: 8.34, y: 4.12, z: -0.4, vx: -1.01, vy: 1.82, vz: 0.008, mass: 0.011 },
  { x: 12.89, y: -15.11, z: -0.22, vx: 1.08, vy: 0.86, vz: -0.01, mass: 0.0017 },
  { x: 15.37, y: -25.9, z: 0.17, vx: 0.97, vy: 0.59, vz: -0.034, mass: 0.002 },
];

function attract(a, b, dt) {
  const [dx, dy, dz] = [a.x - b.x, a.y - b.y, a.z - b.z];
  const square = dx * dx + dy * dy + dz * dz;
  const pull = dt / (square * Math.sqrt(square));
  a.vx -= dx * b.mass * pull;
  a.vy -= dy * b.mass * pull;
  a.vz -= dz * b.mass * pull;
  b.vx += dx * a.mass * pull;
  b.vy += dy * a.mass * pull;
  b.vz += dz * a.mass * pull;
}

function move(body, dt) {
  body.x += dt * body.vx;
  body.y += dt * body.vy;
  body.z += dt * body.vz;
}

function advance(system, dt) {
  for (let i = 0; i < system.length; i++) for (let j = i + 1; j < system.length; j++) attract(system[i], system[j], dt);
  for (const body of system) move(body, dt);
}

timed((scale) => {
  const system = bodies();
  for (let i = 0; i < 400_000 * scale; i++) advance(system, 0.01);
  return system;
});
