package main

// The exit codes. docs/exit-codes.md explains them; they are kept stable.
const (
	exitOK          = 0
	exitError       = 1
	exitDifferences = 2 // with --detailed-exitcode
	exitPartly      = 3
	exitLogin       = 4
	exitLater       = 5
	exitRefused     = 6
	exitInterrupted = 130
)

// exitCode is what an error means to a script.
func exitCode(err error) int {
	return map[kind]int{kindOK: exitOK, kindError: exitError, kindDifferences: exitDifferences, kindPartly: exitPartly,
		kindLogin: exitLogin, kindLater: exitLater, kindRefused: exitRefused, kindInterrupted: exitInterrupted}[kindOf(err)]
}
