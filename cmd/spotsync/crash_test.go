package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestPanicIsAnError(t *testing.T) {
	var b strings.Builder
	if code := recovered(&b, func() int { panic("odd") }); code != 1 || !strings.Contains(b.String(), "crashed") || !strings.Contains(b.String(), "odd") {
		t.Errorf("exit code %d: %s", code, b.String())
	}
	if code := recovered(&b, func() int { return 2 }); code != 2 {
		t.Errorf("exit code %d", code)
	}
}

// crashes are ways to end the process that no recover sees.
var crashes = map[string]func(){
	"a panic in another goroutine": func() {
		go panic("odd")
		select {}
	},
	"a stack without end": func() {
		var deeper func(n int) int
		deeper = func(n int) int { return deeper(n+1) + deeper(n+2) }
		deeper(0)
	},
	"a quit signal": func() { quitSelf() },
}

const crashVariable = "SPOTSYNC_TEST_CRASH"

// TestCrashesAreNoExitCode crashes in processes of their own, which are this test again.
func TestCrashesAreNoExitCode(t *testing.T) {
	if how := os.Getenv(crashVariable); how != "" {
		armCrashes()
		crashes[how]()
		return
	}
	for how := range crashes {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(os.Args[0], "-test.run=^TestCrashesAreNoExitCode$")
			c.Env = append(os.Environ(), crashVariable+"="+how)
			out, err := c.CombinedOutput()
			var ended *exec.ExitError
			if !errors.As(err, &ended) {
				t.Fatalf("it ended well: %v\n%s", err, out)
			}
			if code := ended.ExitCode(); code >= 0 && code <= exitInterrupted {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}
