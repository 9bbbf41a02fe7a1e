package statuspage

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCheckDaemon(t *testing.T) {
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(code)
		w.Write([]byte("stuck\n"))
	}))
	listen := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{listen, ":" + port, "0.0.0.0:" + port, "localhost:" + port} {
		if err := Check(t.Context(), "spotsync/1", address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	code = http.StatusServiceUnavailable
	if err := Check(t.Context(), "spotsync/1", listen); err == nil || !strings.HasSuffix(err.Error(), "503 Service Unavailable: stuck") {
		t.Errorf("a daemon that is not well: %v", err)
	}
	server.Close()
	if err := Check(t.Context(), "spotsync/1", listen); err == nil || !strings.Contains(err.Error(), "no daemon answers") {
		t.Errorf("no daemon: %v", err)
	}
	if err := Check(t.Context(), "spotsync/1", "7979"); err == nil || !strings.Contains(err.Error(), "127.0.0.1:7979") {
		t.Errorf("no address: %v", err)
	}
}
