package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"

	"golang.org/x/oauth2"

	"github.com/spotsync/spotsync/config/hostport"
)

// The two issuers. One's tokens, IDs and files never mix with the other's.
const (
	Spotify  = "spotify"
	Loopback = "loopback" // a stand-in on this computer
)

const (
	spotifyAccounts = "https://accounts.spotify.com"
	spotifyAPI      = "https://api.spotify.com/v1"
)

// Issuer is an accounts service and the Web API that takes its tokens. [ParseIssuer] makes one.
type Issuer struct {
	Name        string // Spotify or Loopback
	AccountsURL string // base, without a slash at the end; /authorize and /api/token are under it
	APIURL      string // base, without a slash at the end
}

// ParseIssuer returns the issuer at two base URLs: Spotify's when both are empty, else a stand-in, for which both must be
// given and both must be http or https on a loopback IP literal (127.0.0.0/8 or [::1]). A name such as localhost is
// refused because somebody else may decide where it leads.
func ParseIssuer(apiURL, accountsURL string) (Issuer, error) {
	apiURL, accountsURL = strings.TrimRight(apiURL, "/"), strings.TrimRight(accountsURL, "/")
	switch {
	case apiURL == "" && accountsURL == "", apiURL == spotifyAPI && accountsURL == spotifyAccounts:
		return Issuer{Name: Spotify, AccountsURL: spotifyAccounts, APIURL: spotifyAPI}, nil
	case apiURL == "":
		return Issuer{}, errors.New("the accounts URL is redirected and the API URL is not: set both or neither")
	case accountsURL == "":
		return Issuer{}, errors.New("the API URL is redirected and the accounts URL is not: set both or neither")
	}
	if err := checkLoopback(apiURL); err != nil {
		return Issuer{}, fmt.Errorf("API URL: %w", err)
	}
	if err := checkLoopback(accountsURL); err != nil {
		return Issuer{}, fmt.Errorf("accounts URL: %w", err)
	}
	return Issuer{Name: Loopback, AccountsURL: accountsURL, APIURL: apiURL}, nil
}

func checkLoopback(base string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil, u.User != nil, u.Opaque != "": // not quoted: it may hold a password
		return errors.New("not a plain base URL such as http://127.0.0.1:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q must begin with http:// or https://", base)
	case !loopbackLiteral(u.Hostname()):
		return fmt.Errorf("%q must be on this computer, by a loopback IP literal such as 127.0.0.1 or [::1]", base)
	case strings.HasSuffix(u.Host, ":"), u.Port() != "" && !hostport.ValidPort(u.Port(), 1):
		return fmt.Errorf("%q must have a port from 1 to 65535, or none", base)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Path != "" && path.Clean(u.Path) != u.Path:
		return fmt.Errorf("%q must have a plain path, no query and no fragment", base)
	}
	return nil
}

// loopbackLiteral reports whether host, without brackets, is an IP literal that never leaves this computer.
func loopbackLiteral(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() && a.Zone() == "" && !a.Is4In6()
}

// App is spotsync as Spotify knows it: an app of the user's own in the developer dashboard.
type App struct {
	Issuer         Issuer
	ClientID       string
	ClientSecret   string // empty: PKCE alone, which needs none
	RedirectURI    string // empty: http://127.0.0.1/callback; a loopback address without a port takes any port
	CallbackListen string // host:port to listen on; empty: where RedirectURI says
}

// String names the app without its secret.
func (a App) String() string {
	secret := "without a secret"
	if a.ClientSecret != "" {
		secret = "with a secret"
	}
	return fmt.Sprintf("client ID %s, %s, at %s", a.ClientID, secret, a.Issuer.AccountsURL)
}

// Format writes String under every verb, so that no formatting shows the secret.
func (a App) Format(f fmt.State, _ rune) { io.WriteString(f, a.String()) }

// MarshalJSON leaves the secret out.
func (a App) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// Check reports what makes a login impossible before anything is opened or sent: no client ID, or a redirect URI that
// Spotify refuses or that doesn't lead here.
func (a App) Check() error {
	if err := a.checkClient(); err != nil {
		return err
	}
	_, err := a.redirect()
	return err
}

func (a App) checkClient() error {
	switch {
	case a.Issuer.AccountsURL == "" || a.Issuer.APIURL == "":
		return errors.New("no accounts service chosen")
	case a.ClientID == "":
		return errors.New("no client ID: make an app at https://developer.spotify.com/dashboard and set client_id in the account block, or SPOTSYNC_CLIENT_ID")
	case strings.ContainsFunc(a.ClientID, notVisible):
		return errors.New("the client ID has a space or another character that no client ID has: copy it again from https://developer.spotify.com/dashboard")
	case a.Issuer.Name == Spotify && !dashboardID.MatchString(a.ClientID):
		return fmt.Errorf("%q is not a client ID of Spotify's, which has 32 digits and letters a to f: copy it again from https://developer.spotify.com/dashboard", a.ClientID)
	}
	return nil
}

// dashboardID is what the dashboard gives out. Spotify answers anything else with INVALID_CLIENT in the browser, where
// nobody here hears of it.
var dashboardID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// oauth is the app in the library's words. AuthStyle is explicit: left out, the library would find it by sending a
// single-use code or a rotating refresh token twice.
func (a App) oauth() *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if a.ClientSecret != "" {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID:     a.ClientID,
		ClientSecret: a.ClientSecret,
		Endpoint: oauth2.Endpoint{
			AuthURL:   a.Issuer.AccountsURL + "/authorize",
			TokenURL:  a.Issuer.AccountsURL + "/api/token",
			AuthStyle: style,
		},
	}
}
