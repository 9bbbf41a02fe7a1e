package auth

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// errNowhere is why a seed's successor is not saved when there is no credentials file.
var errNowhere = errors.New("no credentials file")

// lock takes the file's lock. Where it can't exist, in a folder that can't be written, nothing can be saved either and the
// work goes on without.
func (s *Source) lock(ctx context.Context) (unlock func(), err error) {
	if s.creds == nil {
		return func() {}, nil
	}
	release, err := s.creds.lock(ctx)
	switch {
	case err == nil:
		return func() { release() }, nil // a lock that can't be let go of ends with the process
	case ctx.Err() == nil && (unwritable(err) || s.unsaved != nil):
		return func() {}, nil
	}
	return nil, err
}

func unwritable(err error) bool {
	for _, e := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.EROFS, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// load brings s.token up to date with the file, under its lock. What is in memory because it could not be saved is newer
// than a file that still holds its predecessor, and is saved now if that works.
func (s *Source) load() error {
	if s.creds == nil {
		if s.token.RefreshToken == "" {
			s.token = s.seed
		}
		return s.refusal
	}
	b, err := s.creds.read()
	if err != nil {
		if s.unsaved != nil {
			return nil
		}
		return err
	}
	held, ok := b.login(s.key)
	switch {
	case s.unsaved != nil && s.precedes(&b, held, ok):
		s.save()
	case ok:
		s.token, s.storedToken, s.unsaved = held, held.RefreshToken, nil
	default:
		_, refused := b.refusal(s.key)
		if refused || s.seed.RefreshToken == "" {
			s.token, s.storedToken, s.unsaved = Token{}, "", nil
			_, err := b.get(s.key)
			return err
		}
		if s.token.RefreshToken == "" {
			s.token = s.seed
		}
	}
	if s.token.RefreshToken != s.refused {
		s.refused, s.refusal = "", nil
	}
	return s.refusal
}

// precedes reports whether the file has nothing newer than what s.token replaced. A process that found the predecessor there
// may have had it refused and set it aside. A file without it is the work of a logout.
func (s *Source) precedes(b *fileContents, held Token, ok bool) bool {
	if ok {
		return held.RefreshToken == s.storedToken
	}
	return s.storedToken == "" || b.refused(s.key, s.storedToken)
}

// save writes s.token, under the lock and after load. Failing matters only when the refresh token was replaced: an access
// token is got again.
func (s *Source) save() {
	err := errNowhere
	if s.creds != nil {
		err = s.creds.changeLocked(func(b *fileContents) bool { b.put(s.key, s.token); return true })
	}
	switch {
	case err == nil:
		s.storedToken, s.unsaved = s.token.RefreshToken, nil
	case s.token.RefreshToken != s.storedToken && s.token.RefreshToken != s.seed.RefreshToken:
		s.unsaved = err
	}
}

// saveAgain tries to save what could not be saved before. Whether it works shows in s.unsaved.
func (s *Source) saveAgain(ctx context.Context) {
	if s.unsaved == nil || s.creds == nil {
		return
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return
	}
	defer unlock()
	s.load() // an error is met again, and returned, by the next call that needs the file
}

// refuse remembers that the service refused t, here and in the file, so that nobody asks again. Where there is no lock,
// another process may have been quicker with the same token; then what it got is taken.
func (s *Source) refuse(ctx context.Context, t Token, grant *refusedGrant) (Token, error) {
	reason, now := grant.Error(), time.Now()
	if s.creds != nil {
		if b, err := s.creds.read(); err == nil && s.unsaved == nil {
			if other, ok := b.login(s.key); ok && other.RefreshToken != t.RefreshToken {
				s.token, s.storedToken = other, other.RefreshToken
				if s.usable() {
					return s.token, nil
				}
				return s.ask(ctx)
			}
		}
	}
	s.refused, s.refusal = t.RefreshToken, s.key.required(refusedReason(reason, now))
	if s.creds != nil {
		// Where this can't be written the next process asks once more, and that is all.
		s.creds.changeLocked(func(b *fileContents) bool {
			if held, ok := b.login(s.key); ok && s.unsaved != nil && held.RefreshToken == s.storedToken {
				b.put(s.key, t) // t replaced it
			}
			return b.quarantine(s.key, t, reason, now)
		})
	}
	s.unsaved = nil // a dead token need not be saved
	return Token{}, s.refusal
}

// SetAccount records whose login it is, once the Web API has said so. Where it can't be written it lasts as long as s.
func (s *Source) SetAccount(ctx context.Context, accountID, userID, displayName string) error {
	if _, err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	before := s.token.RefreshToken
	if err := s.load(); err != nil {
		return err
	}
	if s.token.RefreshToken != before {
		return nil // another login by now: the answer was not about this one
	}
	s.token.AccountID, s.token.UserID, s.token.DisplayName = accountID, userID, displayName
	s.save()
	return nil
}

// Keep makes a seed the login of an account, in one write, and returns it. It is how a pasted token is taken over: first
// [Source.Token] proves that it works, then Keep.
func (s *Source) Keep(ctx context.Context, account string) (Token, error) {
	if _, err := s.acquire(ctx); err != nil {
		return Token{}, err
	}
	defer s.release()
	if s.creds == nil {
		return Token{}, errNowhere
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	if err := s.load(); err != nil {
		return Token{}, err
	}
	key := s.app.Key(account)
	err = s.creds.changeLocked(func(b *fileContents) bool {
		b.remove(s.key)
		b.put(key, s.token)
		return true
	})
	if err != nil {
		return Token{}, err
	}
	s.key, s.seed, s.storedToken, s.unsaved = key, Token{}, s.token.RefreshToken, nil
	return s.token, nil
}

// Unsaved returns a *[UnsavedError] while a replaced refresh token is in memory only. A daemon shows it. It waits
// for a request that is under way.
func (s *Source) Unsaved() error {
	if _, err := s.acquire(context.Background()); err != nil {
		return err
	}
	defer s.release()
	return s.unsavedError()
}

func (s *Source) unsavedError() error {
	if s.unsaved == nil {
		return nil
	}
	e := &UnsavedError{Account: s.key.Account, Seed: s.key.Seed != "", Err: s.unsaved}
	if s.creds != nil {
		e.Path = s.creds.path
	}
	return e
}

// Close tries a last time to save, for ten seconds at most, what could not be saved, and returns a *[UnsavedError] if that
// fails: the next process will have to log in.
func (s *Source) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	s.saveAgain(ctx)
	return s.unsavedError()
}
