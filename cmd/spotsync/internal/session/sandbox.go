package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// embeddedURL is where the Spotify of --sandbox pretends to be. Nothing listens there: requests never leave the process.
const embeddedURL = "http://127.0.0.1:0"

// embeddedWait is how long a request waits while other processes write the sandbox's file; each holds it for a moment.
const embeddedWait = 30 * time.Second

// KeptSandbox is a Spotify in memory that lives in a file: what a request changes is on disk before the answer is given,
// and what another process changed is read before the next one. So runs follow each other, several can be at it at once,
// and a killed one loses nothing.
type KeptSandbox struct {
	path    string
	options sandbox.Options

	fresh bool // made by openKept: it knows no login of an earlier one

	mu     sync.Mutex
	server *sandbox.Server
	seen   os.FileInfo // of the file whose contents the server holds; nil: none yet
}

// OpenKept opens the sandbox of a file, or makes a new one. A damaged file is an error that says what to do.
func OpenKept(path string, o sandbox.Options) (*KeptSandbox, error) {
	k := &KeptSandbox{path: path, options: o}
	if err := k.reload(); err != nil {
		return nil, err
	}
	if k.seen != nil {
		return k, nil
	}
	k.fresh = true
	// Written at once, so that a folder that can't be written to is told before anything was asked for.
	return k, k.change(context.Background(), func(*sandbox.Server) {})
}

// reload reads the file if it is not the one the server holds.
func (k *KeptSandbox) reload() error {
	info, err := os.Stat(k.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if k.server == nil || k.seen != nil {
			k.server, k.seen = sandbox.New(k.options), nil
		}
		return nil
	case err != nil:
		return fmt.Errorf("read the sandbox: %w", k.unwritable(err))
	case k.seen != nil && os.SameFile(info, k.seen) && info.ModTime().Equal(k.seen.ModTime()) && info.Size() == k.seen.Size():
		return nil
	}
	data, err := store.OS{}.ReadFile(k.path)
	if err != nil {
		return fmt.Errorf("read the sandbox: %w", err)
	}
	server, err := sandbox.Load(bytes.NewReader(data), k.options)
	if err != nil {
		return &sandboxFileError{Path: k.path, Err: err}
	}
	k.server, k.seen = server, info
	return nil
}

// sandboxFileError is a sandbox's file that can't be understood.
type sandboxFileError struct {
	Path string
	Err  error
}

func (e *sandboxFileError) Error() string {
	return fmt.Sprintf("%s: %v; to start over with a new sandbox: spotsync sandbox reset, or delete the file", e.Path, e.Err)
}

func (e *sandboxFileError) Unwrap() error { return e.Err }

// change lets do change the sandbox, alone among all processes, and saves it.
func (k *KeptSandbox) change(ctx context.Context, do func(*sandbox.Server)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, embeddedWait)
	defer cancel()
	unlock, err := store.OS{}.Lock(ctx, k.path+".lock")
	if err != nil {
		return fmt.Errorf("write the sandbox: %w", k.unwritable(err))
	}
	err = k.changeLocked(do)
	return errors.Join(err, unlock())
}

func (k *KeptSandbox) changeLocked(do func(*sandbox.Server)) error {
	if err := k.reload(); err != nil {
		return err
	}
	do(k.server)
	var b bytes.Buffer
	if err := k.server.Save(&b); err != nil {
		return err
	}
	if err := store.WriteFile(k.path, b.Bytes(), 0o600); err != nil {
		return k.unwritable(err)
	}
	var err error
	k.seen, err = os.Stat(k.path)
	return err
}

// unwritable adds the way out to an error of the disk.
func (k *KeptSandbox) unwritable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("another spotsync has not let go of %s for %s", k.path, embeddedWait)
	}
	return fmt.Errorf("%w; SPOTSYNC_DATA_DIR can name a folder that may be written to", err)
}

// ServeHTTP implements [http.Handler].
func (k *KeptSandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &response{header: make(http.Header)}
	if err := k.with(r, func(s *sandbox.Server) { s.Handler().ServeHTTP(a, r) }); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	maps.Copy(w.Header(), a.header)
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that went away needs no answer
}

// with lets do answer a request: alone and saved, where it may change something.
func (k *KeptSandbox) with(r *http.Request, do func(*sandbox.Server)) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return k.change(r.Context(), do)
	}
	if r.URL.Path == "/authorize" { // gives a code at once where the user agreed before
		return k.change(r.Context(), do)
	}
	k.mu.Lock()
	err := k.reload()
	server := k.server
	k.mu.Unlock()
	if err == nil {
		do(server)
	}
	return err
}

// RoundTrip implements [http.RoundTripper]: the Spotify of --sandbox answers by itself.
func (k *KeptSandbox) RoundTrip(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:1", req.URL.Host
	a := &response{header: make(http.Header)}
	if err := k.with(in, func(s *sandbox.Server) { s.Handler().ServeHTTP(a, in) }); err != nil {
		return nil, err
	}
	return a.sent(req), nil
}

// response is what a handler writes, kept.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *response) Header() http.Header { return a.header }

func (a *response) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *response) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *response) sent(req *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.header.Clone(), Body: io.NopCloser(&a.body),
		ContentLength: int64(a.body.Len()), Request: req}
}

// embedded is the Spotify of --sandbox.
type embedded struct{ *KeptSandbox }

func openEmbedded(path string) (*embedded, error) {
	k, err := OpenKept(path, sandbox.Options{Seed: uint64(time.Now().UnixNano())})
	if err != nil {
		return nil, err
	}
	return &embedded{k}, nil
}

func (e *embedded) clientID() string { return sandbox.SandboxClientID }

// LogIn logs an account in without asking: in the sandbox nobody needs to agree. A label is a person of that name.
func (e *embedded) LogIn(ctx context.Context, creds *auth.Credentials, app auth.App, label string) error {
	if _, err := creds.Get(app.Key(label)); err == nil && !e.fresh {
		return nil
	} else if err != nil && !errors.Is(err, auth.ErrLoginRequired) {
		return err
	}
	return e.KeptSandbox.LogIn(ctx, creds, app, label, personOf(label))
}

// Issue is a login that is kept nowhere.
func (e *embedded) Issue(ctx context.Context, app auth.App, label string) (auth.Token, error) {
	return e.KeptSandbox.issue(ctx, app, personOf(label))
}

// personOf is the user of the sandbox that a label means.
func personOf(label string) string {
	if label == reconcile.DefaultAccount {
		return sandbox.SandboxUser
	}
	return label
}

// LogIn stores a login of a user, who need not exist yet.
func (k *KeptSandbox) LogIn(ctx context.Context, creds *auth.Credentials, app auth.App, label, user string) error {
	t, err := k.issue(ctx, app, user)
	if err != nil {
		return err
	}
	return creds.Put(ctx, app.Key(label), t)
}

func (k *KeptSandbox) issue(ctx context.Context, app auth.App, user string) (auth.Token, error) {
	t := auth.Token{AuthorizedAt: time.Now().UTC().Truncate(time.Second), Scopes: CoreScopes, Issuer: auth.Loopback, ClientID: app.ClientID}
	err := k.change(ctx, func(s *sandbox.Server) {
		if user != sandbox.SandboxUser {
			s.AddUser(sandbox.User{ID: user, DisplayName: user, Premium: true})
		}
		t.RefreshToken, _ = s.IssueToken(user, app.ClientID, CoreScopes...)
	})
	return t, err
}

// SandboxHome is the folder of everything that --sandbox keeps.
func SandboxHome(state string) string { return filepath.Join(state, "sandbox") }

// ResetSandbox deletes what --sandbox keeps, and reports whether there was anything.
func ResetSandbox(home string) (found bool, err error) {
	if _, err := os.Lstat(home); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	return true, os.RemoveAll(home)
}
