package hostport

import "testing"

func TestValid(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:65535": true, ":7979": true, "localhost:1": true, "music.example.org:443": true,
		"[fe80::1%eth0]:80": true, "my_host:80": true, "example.org.:80": true, "1password.example:80": true,
		"999.1.1.1:80": false, "127.0.0:80": false, "1.2.3.4.5:80": false, "127.0.0.1.:80": false, "010.0.0.1:80": false, "1:80": false,
		".:80": false, "a..b:80": false, "a b:80": false, "http://127.0.0.1:80": false, "[127.0.0.1]:80": false, "[localhost]:80": false,
		"[]:80": false, "[::g]:80": false, "::1:80": false, "[::1]": false, "127.0.0.1": false, "127.0.0.1:": false, "": false,
		"127.0.0.1:0": false, "127.0.0.1:65536": false, "127.0.0.1:http": false, "127.0.0.1:-1": false, "127.0.0.1:+1": false,
	} {
		if got := Valid(address, 1); got != want {
			t.Errorf("Valid(%q, 1) = %t, want %t", address, got, want)
		}
	}
	if !Valid("127.0.0.1:0", 0) {
		t.Error("port 0 is any free one where something listens")
	}
}
