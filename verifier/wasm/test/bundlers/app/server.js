// Code of a server, as frameworks that render there bundle it.
import { readFile } from "node:fs/promises";
import { verify } from "@nnark/verifier";

const [key, proof] = await Promise.all(process.argv.slice(2).map((path) => readFile(path)));
console.log((await verify(key, proof)).verdict);
process.exit();
