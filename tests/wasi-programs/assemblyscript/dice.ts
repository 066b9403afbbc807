// Throws dice and tells of the run: dice THROWS [CODE]
// Whatever the dice show, what is printed is the same; NAME in the environment says who is greeted, and standard input is
// echoed in capitals.

const throws = process.argv.length > 1 ? i32(parseInt(process.argv[1])) : 0;
const name = process.env.has("NAME") ? process.env.get("NAME") : "nobody";

function check(what: string, holds: bool): void {
  console.log(what + ": " + (holds ? "yes" : "no"));
}

function throwDice(): void {
  const seen = new Array<i32>(6).fill(0);
  for (let i = 0; i < throws; i++) {
    const side = i32(Math.floor(Math.random() * 6)); // apart: the compiler evaluates an index that is counted up twice
    seen[side]++;
  }
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += seen[i];
  check("all dice have six sides", sum == throws);
  // Of 6000 throws each side has 1000, give or take 29: 400 is beyond all chance.
  for (let i = 0; i < 6; i++) {
    if (abs(seen[i] * 6 - throws) > throws * 4 / 10) console.warn("side " + (i + 1).toString() + " is loaded");
  }
}

function readRandom(): void {
  const bytes = new Uint8Array(1000);
  crypto.getRandomValues(bytes);
  let zeros = 0;
  for (let i = 0; i < bytes.length; i++) zeros += i32(bytes[i] == 0);
  check("random bytes are not all zero", zeros < 100);
}

function readClocks(): void {
  const started = process.hrtime();
  let last = started;
  let forwards = true;
  for (let i = 0; i < 100; i++) {
    const now = process.hrtime();
    if (now < last) forwards = false;
    last = now;
  }
  check("time goes forwards", forwards);
  check("it is after 2000", Date.now() > 946684800000);
  check("performance.now() is of the same clock", abs(performance.now() - f64(last) / 1e6) < 60000);
}

function echo(): void {
  const buffer = new ArrayBuffer(16); // so small that characters are torn
  let text = new Uint8Array(0);
  for (;;) {
    const length = process.stdin.read(buffer);
    if (length == 0) break;
    const longer = new Uint8Array(text.length + length);
    longer.set(text);
    longer.set(Uint8Array.wrap(buffer, 0, length), text.length);
    text = longer;
  }
  if (text.length > 0) process.stdout.write(String.UTF8.decode(text.buffer).toUpperCase());
}

console.log("Hello, " + name + "! " + process.argv.slice(1).join(" "));
throwDice();
readRandom();
readClocks();
echo();
if (process.argv.length > 2) {
  console.error("ends with " + process.argv[2]);
  process.exit(i32(parseInt(process.argv[2])));
}
assert(throws > 0, "nothing was thrown");
