package main

import (
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
