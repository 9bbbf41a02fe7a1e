package daemon

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
)

// pendingLogin is a login that somebody began on the page.
type pendingLogin struct {
	*auth.Pending
	target session.LoginTarget
	began  time.Time
}

// loginLasts is how long one may take.
const loginLasts = 15 * time.Minute

// beginLogin is the address to open for renewing an account's login.
func (d *runner) beginLogin(label string) (string, error) {
	d.mu.Lock()
	p, ok := d.begun[label]
	d.mu.Unlock()
	if ok && time.Since(p.began) < loginLasts {
		return p.URL, nil
	}
	w, err := session.OpenEnvironment(d.app, d.hooks)
	if err != nil {
		return "", err
	}
	creds, err := w.OpenCredentials()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), statuspage.LoginTimeout)
	defer cancel()
	quiet := *d.app
	quiet.Err = io.Discard
	quiet.AsText()
	t, err := session.TargetOfLogin(ctx, &quiet, w, creds, d.path, session.LoginOptions{Inputs: d.o.Inputs, Account: label})
	if err != nil {
		return "", err
	}
	again, err := t.ShowDialog(creds)
	if err != nil {
		return "", err
	}
	p = pendingLogin{target: t, began: time.Now()}
	p.Pending, err = auth.Begin(t.App, auth.LoginOptions{Scopes: session.CoreScopes, ShowDialog: again, HTTP: auth.HTTPClient(w.Inner),
		Me: func(ctx context.Context, hc *http.Client) (accountID, userID, name string, err error) {
			u, err := w.ClientOver(hc, session.ClientOptions{}).Me(ctx)
			return string(u.Account()), string(u.ID), u.DisplayName, err
		}})
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	d.begun[label] = p
	d.mu.Unlock()
	return p.URL, nil
}

// finishLogin keeps the login that the pasted address tells of.
func (d *runner) finishLogin(ctx context.Context, label, pasted string) error {
	d.mu.Lock()
	p, ok := d.begun[label]
	d.mu.Unlock()
	if !ok || time.Since(p.began) > loginLasts {
		return errors.New("this login was begun too long ago: begin again")
	}
	token, err := p.Finish(ctx, pasted)
	var again *auth.PasteError
	if errors.As(err, &again) {
		return err
	}
	d.mu.Lock()
	delete(d.begun, label) // whatever came of it, its code is spent
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if err := p.target.WrongAccount(token); err != nil {
		return err
	}
	w, err := session.OpenEnvironment(d.app, d.hooks)
	if err != nil {
		return err
	}
	creds, err := w.OpenCredentials()
	if err != nil {
		return err
	}
	if err := creds.Put(context.WithoutCancel(ctx), p.target.App.Key(label), token); err != nil {
		return err
	}
	d.ask("login")
	return nil
}
