import { readKey, verify } from "@nnark/verifier/inline";
import { report } from "./report.js";

await report(verify, readKey);
