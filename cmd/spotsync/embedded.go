package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// embeddedURL is where the Spotify of --sandbox pretends to be. Nothing listens there: requests never leave the process.
const embeddedURL = "http://127.0.0.1:0"

// saveEvery is how long the embedded Spotify may have something to remember that is not on disk.
const saveEvery = time.Second

// embedded is the Spotify of --sandbox: an http.RoundTripper that answers by itself and remembers in a file.
type embedded struct {
	path   string
	server *sandbox.Server

	mu    sync.Mutex
	saved time.Time
	dirty bool
}

func openEmbedded(path string) (*embedded, error) {
	e := &embedded{path: path, saved: time.Now()}
	data, err := store.OS{}.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.server = sandbox.New(sandbox.Options{Seed: uint64(time.Now().UnixNano())})
		return e, nil
	case err != nil:
		return nil, fmt.Errorf("read the sandbox: %w", err)
	}
	if e.server, err = sandbox.Load(bytes.NewReader(data), sandbox.Options{}); err != nil {
		return nil, fmt.Errorf("%s: %w; delete the folder %s to start with a new sandbox", path, err, filepath.Dir(path))
	}
	return e, nil
}

// RoundTrip implements [http.RoundTripper].
func (e *embedded) RoundTrip(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	in.Host = req.URL.Host
	a := &answer{header: make(http.Header)}
	func() {
		defer func() { // a handler that drops the connection panics with http.ErrAbortHandler
			if p := recover(); p != nil && p != any(http.ErrAbortHandler) {
				panic(p)
			} else if p != nil {
				a.dropped = true
			}
		}()
		e.server.Handler().ServeHTTP(a, in)
	}()
	if req.Method != http.MethodGet {
		e.mu.Lock()
		e.dirty = true
		late := time.Since(e.saved) > saveEvery
		e.mu.Unlock()
		if late {
			if err := e.save(); err != nil {
				return nil, err
			}
		}
	}
	if a.dropped {
		return nil, io.ErrUnexpectedEOF
	}
	return a.response(req), nil
}

// answer is what a handler writes, kept.
type answer struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	dropped bool
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) response(req *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: req}
}

func (e *embedded) save() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.dirty {
		return nil
	}
	var b bytes.Buffer
	if err := e.server.Save(&b); err != nil {
		return fmt.Errorf("save the sandbox: %w", err)
	}
	if err := store.WriteFile(e.path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("save the sandbox: %w", err)
	}
	e.saved, e.dirty = time.Now(), false
	return nil
}

// Close writes down what the sandbox must remember.
func (e *embedded) Close() error { return e.save() }

func (e *embedded) clientID() string { return sandbox.SandboxClientID }

// logIn logs an account in without asking: in the sandbox nobody needs to agree.
func (e *embedded) logIn(ctx context.Context, creds *auth.Credentials, app auth.App, label string) error {
	_, err := creds.Get(app.Key(label))
	if err == nil {
		return nil
	}
	if !errors.Is(err, auth.ErrLoginRequired) {
		return err
	}
	user := sandbox.SandboxUser
	if label != defaultLabel {
		user = label
		e.server.AddUser(sandbox.User{ID: label, DisplayName: label, Premium: true})
	}
	refresh, _ := e.server.IssueToken(user, app.ClientID, coreScopes...)
	e.mu.Lock()
	e.dirty = true
	e.mu.Unlock()
	return creds.Put(ctx, app.Key(label), auth.Token{RefreshToken: refresh, AuthorizedAt: time.Now().UTC(), Scopes: coreScopes,
		Issuer: auth.Loopback, ClientID: app.ClientID})
}
