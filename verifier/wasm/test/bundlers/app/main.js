// What an application does: it imports the package by its name.
import { readKey, verify } from "@nnark/verifier";
import { report } from "./report.js";

await report(verify, readKey);
