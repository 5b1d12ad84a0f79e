// The tests of @bufbuild/cel-spec as JSON, which suite.cc reads: `node export.js PACKAGE FOLDER` writes one file for each
// of its suites, an array of tests with their place in the suite. The package carries them as JavaScript.

"use strict";
const fs = require("node:fs");
const path = require("node:path");

const [folder_of_package, folder] = process.argv.slice(2).map((name) => path.resolve(name));

function collect(suite, place, tests) {
  for (const each of suite.suites ?? []) collect(each, [...place, each.name], tests);
  for (const test of suite.tests ?? []) tests.push({ place, ...test });
  return tests;
}

// Numbers become texts, as protobuf's JSON allows: whole ones beyond 64 bits are no number to every reader.
const replacer = (key, value) => (typeof value === "number" ? String(value) : value);

for (const name of ["conformance", "parsing", "checking", "comprehension"]) {
  const { tests } = require(path.join(folder_of_package, "dist/cjs/testdata", `${name}.js`));
  fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(collect(tests, [], []), replacer));
}
