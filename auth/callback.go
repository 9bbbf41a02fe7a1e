package auth

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed callback.html
var callbackHTML string

//go:embed callback.css
var callbackCSS string

// page is what the browser shows. It never holds anything of the request.
type page struct {
	status         int
	Title, Message string
	Style          template.CSS
}

func pageDone() page {
	return page{http.StatusOK, "Back to the terminal", "spotsync has Spotify's answer and finishes the login there. You can close this window.", template.CSS(callbackCSS)}
}

func pageDenied() page {
	return page{http.StatusOK, "Nobody was logged in", "Spotify reports that permission was not given. Nothing was changed. Close this window; the terminal says what can be done.", template.CSS(callbackCSS)}
}

func pageStray() page {
	return page{http.StatusBadRequest, "Not this login", "This page belongs to another login, or was opened by something else. spotsync goes on waiting: open the address the terminal shows.", template.CSS(callbackCSS)}
}

func pageMissing() page {
	return page{http.StatusNotFound, "Nothing here", "spotsync waits here for Spotify's answer, at another address. Open the one the terminal shows.", template.CSS(callbackCSS)}
}

// serve answers browsers on ln until stop is called, which waits for the page being sent. An answer that belongs to this
// login goes to answers, as far as that has room.
func serve(ln net.Listener, l redirect, state string, answers chan<- answer) (stop func()) {
	path := l.redirect.Path
	if path == "" {
		path = "/"
	}
	var wg sync.WaitGroup
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != path:
			pageMissing().write(w, r)
			return
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET")
			http.Error(w, "GET only", http.StatusMethodNotAllowed)
			return
		}
		a, ours := readAnswer(r.URL.Query(), state)
		switch {
		case !ours:
			pageStray().write(w, r)
			return
		case a.err != nil:
			pageDenied().write(w, r)
		default:
			pageDone().write(w, r)
		}
		select {
		case answers <- a:
		default: // a browser that asks twice
		}
	})
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // its complaints about strangers are not the user's
	}
	server.SetKeepAlivesEnabled(false)
	wg.Go(func() { server.Serve(ln) })
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close() // a browser that opened a connection and sent nothing
		}
		wg.Wait()
	}
}

func (p page) write(w http.ResponseWriter, r *http.Request) {
	style := sha256.Sum256([]byte(callbackCSS))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", base64.StdEncoding.EncodeToString(style[:])))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	var b strings.Builder
	if err := template.Must(template.New("").Parse(callbackHTML)).Execute(&b, p); err != nil {
		http.Error(w, p.Title, p.status)
		return
	}
	w.WriteHeader(p.status)
	w.Write([]byte(b.String()))
}
