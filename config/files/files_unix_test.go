//go:build unix

package files

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestIrregular: reading a pipe would wait for a writer for ever.
func TestIrregular(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ root, path, want string }{
		{"", "pipe", `"pipe" is not a regular file but a pipe`},
		{"/", "/dev/null", "is not a regular file but a device"},
	} {
		d := open(t, dir, tt.root)
		if b, err := d.ReadFile(tt.path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ReadFile(%q) = %q, %v; want %q", tt.path, b, err, tt.want)
		}
		if ok, err := d.Exists(tt.path); ok || err == nil {
			t.Errorf("Exists(%q) = %v, %v", tt.path, ok, err)
		}
		// A pipe that takes a file's place after it was looked at.
		if b, err := d.readRegular(tt.path, strings.TrimPrefix(tt.path, "/")); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("readRegular(%q) = %q, %v; want %q", tt.path, b, err, tt.want)
		}
	}
}
