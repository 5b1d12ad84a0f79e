// The JavaScript part of the comparison: `node peer.js WORKLOAD` prints one line for each measurement (see
// ../workload.py).

import fs from "node:fs";
import { Environment } from "@marcbachmann/cel-js";

const work = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const packages = JSON.parse(fs.readFileSync(new URL("package-lock.json", import.meta.url), "utf8")).packages;
const version = packages["node_modules/@marcbachmann/cel-js"].version;
console.log(`version @marcbachmann/cel-js ${version}, node ${process.version}`);

const environment = new Environment();
for (const [name, type] of Object.entries(work.fields)) {
  environment.registerVariable(name, type === "list(string)" ? "list<string>" : type);
}

// Ints are BigInt there.
function values(event) {
  const result = {};
  for (const [name, value] of Object.entries(event)) {
    result[name] = work.fields[name] === "int" ? BigInt(value) : value;
  }
  return result;
}

function round(programs, events) {
  let sum = 0n;
  for (const event of events) {
    for (const program of programs) {
      const value = program(event);
      sum += typeof value === "bigint" ? value : value === true ? 1n : 0n;
    }
  }
  return sum;
}

// CPU time, in nanoseconds.
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
};
for (const set of work.sets) {
  let programs = [];
  let compiled = 0;
  let start = now();
  while (compiled === 0 || now() - start < 0.25e9 * work.seconds) {
    programs = set.rules.map((rule) => environment.parse(rule));
    compiled += programs.length;
  }
  const compiling = (now() - start) / compiled;
  const events = set.events.map(values);
  const sum = round(programs, events);
  const batch = 1 + Math.floor(20000 / (programs.length * events.length)); // The clock is not what is measured.
  const run = () => {
    for (let i = 0; i < batch; ++i) round(programs, events);
  };
  for (start = now(); now() - start < 0.3e9 * work.seconds;) run(); // Lets the compiler warm up.
  let rounds = 0;
  for (start = now(); now() - start < 1e9 * work.seconds; rounds += batch) run();
  const each = (now() - start) / (rounds * set.rules.length * set.events.length);
  console.log(`${set.name} ${each.toFixed(2)} ${compiling.toFixed(0)} ${sum}`);
}
