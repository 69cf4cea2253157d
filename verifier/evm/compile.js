// Compiles the standard JSON request in the file argv[2] into the file argv[3].
const fs = require("fs");
const solc = require("solc");

fs.writeFileSync(process.argv[3], solc.compile(fs.readFileSync(process.argv[2], "utf8")));
