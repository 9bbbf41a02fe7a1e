// Command names prints, for go test, the tests that have more cases than they run by default: those that call package
// longtest, themselves or by functions of their package.
//
//	SPOTSYNC_LONG_TESTS=1 go test $(go run ./config/longtest/names)
//
// It takes no arguments and is run in the top folder of the module.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	found, err := find(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "names:", err)
		os.Exit(1)
	}
	var dirs, tests []string
	for _, p := range found {
		dirs = append(dirs, "./"+p.dir)
		tests = append(tests, p.tests...)
	}
	fmt.Printf("-run=^(%s)$ %s\n", strings.Join(tests, "|"), strings.Join(dirs, " "))
}
