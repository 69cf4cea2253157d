// Package fixedpoint defines the integers that every other package of nnark
// agrees on: fixed-point formats, rounding, saturation, requantization and the
// contents of function tables.
//
// The integers are normative. A quantized network is an exact function on
// integers; real numbers only explain where the integers come from. What this
// package returns is what a proof proves, on every platform, to the last bit.
//
// # Format
//
// An integer q with exponent e stands for the real number q·2^-e. Exponents may
// be negative and are at most [MaxExp] in absolute value. An [Interval] is the
// range of integers that a value can take; arithmetic on intervals reports
// [ErrOverflow] instead of wrapping.
//
// # Rounding
//
// There is one rounding rule: to the nearest integer, ties up (towards +∞), so
// that round(v) = floor(v + 1/2). Results outside an output interval saturate at
// its ends.
//
// # Function tables
//
// A [Function] is a real function, named as its ONNX operator. Its table entries
// are correctly rounded: entry i is clamp(floor(f(x)·2^outExp + 1/2)) for the
// exact real value f(x). No floating-point function takes part. Values are
// enclosed between two integers by series with an error bound, and the precision
// is raised until both ends round to the same integer ([Ziv91]). Arguments where
// the value is rational (exp(0), square roots of squares) are computed exactly,
// so the search ends.
//
// Outside its domain a function takes these values, so that a table is total:
//
//   - an infinite limit saturates: Log(0) is the lower end of the output
//     interval, Reciprocal(0) and Rsqrt(0) are the upper end;
//   - Log, Sqrt, Rsqrt and Pow with a fractional exponent take, at a negative
//     argument, their value at 0.
//
// Parameters of functions are float64 and taken as the exact binary number they
// hold. ONNX stores attributes as float32: the default 0.01 of LeakyRelu is
// float32(0.01).
//
// [Ziv91]: https://doi.org/10.1145/114697.116813
package fixedpoint
