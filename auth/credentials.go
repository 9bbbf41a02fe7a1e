package auth

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Files is what the credentials file needs of a disk.
type Files interface {
	// ReadFile returns the whole file; a missing one is fs.ErrNotExist.
	ReadFile(path string) ([]byte, error)
	// WriteFile replaces the file whole, or makes it and its folder (0700): temporary file, fsync, rename.
	WriteFile(path string, data []byte, perm fs.FileMode) error
	// Lock waits for the exclusive lock at path, against other processes and other holders in this one.
	Lock(ctx context.Context, path string) (unlock func() error, err error)
}

// Key names one login in the credentials file.
type Key struct {
	Issuer   string // Spotify or Loopback
	ClientID string
	Account  string // label; empty for a seed
	Seed     string // SHA-256 of the environment's refresh token, in hex; empty for an account
}

func (k Key) compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Issuer, o.Issuer), cmp.Compare(k.ClientID, o.ClientID), cmp.Compare(k.Account, o.Account), cmp.Compare(k.Seed, o.Seed))
}

// required is the error for a login under k that is missing or dead.
func (k Key) required(reason string) error {
	return &LoginRequiredError{Account: k.Account, Seed: k.Seed != "", Reason: reason}
}

// Key returns where the app keeps the login of an account, by its label.
func (a App) Key(account string) Key {
	return Key{Issuer: a.Issuer.Name, ClientID: a.ClientID, Account: account}
}

// Entry is one login as the file tells it.
type Entry struct {
	Key       Key
	Token     Token
	Refused   string    // why Spotify refuses it; empty: it does not
	RefusedAt time.Time // when it said so
}

// Credentials is the credentials file: logins by issuer, client ID and account. It keeps nothing in memory, so that all
// processes see the same. Every method fails, and changes nothing, with a *[CredentialsError] when the file is damaged,
// newer than this program, or open to others.
type Credentials struct {
	files Files
	path  string
}

// OpenCredentials returns the file at path, which need not exist yet, after checking that it can be used.
func OpenCredentials(files Files, path string) (*Credentials, error) {
	c := &Credentials{files: files, path: path}
	_, err := c.read()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Path returns the file's path.
func (c *Credentials) Path() string { return c.path }

// List returns all logins, the refused ones included, in the order of their keys.
func (c *Credentials) List() ([]Entry, error) {
	b, err := c.read()
	if err != nil {
		return nil, err
	}
	entries := []Entry{}
	for _, r := range b.Logins {
		entries = append(entries, Entry{Key: r.key(), Token: r.token()})
	}
	for _, r := range b.SetAside {
		last, _ := b.refusal(r.key())
		if _, alive := b.login(r.key()); !alive && last.RefreshToken == r.RefreshToken {
			entries = append(entries, Entry{Key: r.key(), Token: r.token(), Refused: r.Reason, RefusedAt: r.RefusedAt})
		}
	}
	slices.SortStableFunc(entries, func(x, y Entry) int { return x.Key.compare(y.Key) })
	return entries, nil
}

// Get returns the login under k. Without one, or with a refused one, the error is a *[LoginRequiredError].
func (c *Credentials) Get(k Key) (Token, error) {
	b, err := c.read()
	if err != nil {
		return Token{}, err
	}
	return b.get(k)
}

func (b *fileContents) get(k Key) (Token, error) {
	if t, ok := b.login(k); ok {
		return t, nil
	}
	if r, ok := b.refusal(k); ok {
		return Token{}, k.required(refusedReason(r.Reason, r.RefusedAt))
	}
	return Token{}, k.required("")
}

func refusedReason(reason string, at time.Time) string {
	return fmt.Sprintf("Spotify refused the saved login on %s (%s)", at.UTC().Format("2006-01-02 15:04 UTC"), reason)
}

// Put saves a login under k in place of the one that is there. It takes the lock.
func (c *Credentials) Put(ctx context.Context, k Key, t Token) error {
	if t.RefreshToken == "" {
		return errors.New("a login without a refresh token can't be saved")
	}
	return c.change(ctx, func(b *fileContents) bool { b.put(k, t); return true })
}

// Remove forgets the login under k and what was set aside of it, and reports whether there was anything.
func (c *Credentials) Remove(ctx context.Context, k Key) (found bool, err error) {
	err = c.change(ctx, func(b *fileContents) bool { found = b.remove(k); return found })
	return found && err == nil, err
}

// Quarantine sets a refused login aside: it is used no more and not destroyed, for a refusal may be a mistake of the
// service. Nothing happens when k holds another refresh token by now.
func (c *Credentials) Quarantine(ctx context.Context, k Key, t Token, reason string) error {
	now := time.Now()
	return c.change(ctx, func(b *fileContents) bool { return b.quarantine(k, t, reason, now) })
}

// change reads, changes and writes the file under its lock. edit reports whether there is anything to write.
func (c *Credentials) change(ctx context.Context, edit func(*fileContents) bool) (err error) {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return c.changeLocked(edit)
}

func (c *Credentials) changeLocked(edit func(*fileContents) bool) error {
	b, err := c.read()
	if err != nil {
		return err
	}
	if !edit(&b) {
		return nil
	}
	data, err := b.encode()
	if err != nil {
		return err
	}
	if err := c.files.WriteFile(c.path, data, 0o600); err != nil {
		return fmt.Errorf("writing the credentials file: %w", err)
	}
	return nil
}

// lock keeps other processes from refreshing or writing. The lock is a file of its own, since the file itself is replaced.
func (c *Credentials) lock(ctx context.Context) (unlock func() error, err error) {
	if err := c.checkModes(); err != nil {
		return nil, err
	}
	unlock, err = c.files.Lock(ctx, c.path+".lock")
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("locking the credentials file: %w", err)
	}
	return unlock, err
}

func (c *Credentials) read() (fileContents, error) {
	if err := c.checkModes(); err != nil {
		return fileContents{}, err
	}
	data, err := c.files.ReadFile(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fileContents{}, nil
	case err != nil:
		return fileContents{}, &CredentialsError{Path: c.path, What: "can't be read: " + err.Error(), Fix: "make it readable to you, or name another with SPOTSYNC_CREDENTIALS_FILE", Err: err}
	case len(bytes.TrimSpace(data)) == 0: // nothing in it, nothing to lose
		return fileContents{}, nil
	}
	b, err := decodeBook(data)
	switch {
	case errors.Is(err, errNewerBook):
		return fileContents{}, &CredentialsError{Path: c.path, What: err.Error(), Fix: "update spotsync, or name another file with SPOTSYNC_CREDENTIALS_FILE", Err: err}
	case err != nil:
		return fileContents{}, &CredentialsError{Path: c.path, What: err.Error(), Fix: fmt.Sprintf("mend it, or put it aside and log in again: %s && spotsync login", moveCommand(c.path)), Err: err}
	}
	return b, nil
}

func moveCommand(path string) string {
	if runtime.GOOS == "windows" {
		return fmt.Sprintf(`move "%s" "%s"`, path, path+".broken")
	}
	return fmt.Sprintf("mv %s %s", shellQuote(path), shellQuote(path+".broken"))
}

// checkModes refuses a file that others can read or write, and a folder in which others could put a file of theirs in its
// place (a sticky one such as /tmp does not let them). Windows has no modes: there the user's profile is private.
func (c *Credentials) checkModes() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir := filepath.Dir(c.path)
	if fi, err := os.Stat(dir); err == nil && fi.Mode().Perm()&0o022 != 0 && fi.Mode()&fs.ModeSticky == 0 {
		return &CredentialsError{Path: c.path, What: fmt.Sprintf("others may change the folder it is in (mode %04o)", fi.Mode().Perm()), Fix: "close it with: chmod 700 " + shellQuote(dir)}
	}
	fi, err := os.Stat(c.path)
	if err != nil {
		return nil // reading it will say
	}
	if !fi.Mode().IsRegular() {
		return &CredentialsError{Path: c.path, What: "it is not a regular file", Fix: "name another with SPOTSYNC_CREDENTIALS_FILE"}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return &CredentialsError{Path: c.path, What: fmt.Sprintf("others may read or change it (mode %04o)", fi.Mode().Perm()), Fix: "close it with: chmod 600 " + shellQuote(c.path)}
	}
	return nil
}
