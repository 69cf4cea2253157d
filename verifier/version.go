package verifier

// Version is that of the module and of all packages made from it, which are released together. What
// a key, a proof or a program is read by is the version in its first bytes, not this.
const Version = "0.2.0"
