// Package meter makes the evaluation of expressions end: whatever multiplies work pays for it before it starts.
//
// A map: meter.go counts what an evaluation has cost; expression.go has the parts of expressions pay, with loop.go and call.go
// for the two that cost most. prices.go has the price of each function, prices_yaml.go that of YAML and sets.go that of sets;
// conversions.go makes those of long lists cheap.
package meter
