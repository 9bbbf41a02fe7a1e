package apply

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

const (
	id  = "0000000000000000000001"
	one = "spotify:track:0000000000000000000001"
	two = "spotify:track:0000000000000000000002"
)

// answers is a Spotify that gives the writes of a run the answers it is told to. A nil answer is a success, and unread makes
// every read fail.
type answers struct {
	API
	to     []error
	unread error
}

func (a *answers) next() (spotify.Snapshot, error) {
	err := a.to[0]
	a.to = a.to[1:]
	return "after", err
}

func (a *answers) AddItems(context.Context, spotify.ID, []spotify.URI, int) (spotify.Snapshot, error) {
	return a.next()
}

func (a *answers) ChangeDetails(context.Context, spotify.ID, spotify.DetailsChange) error {
	_, err := a.next()
	return err
}

func (a *answers) Items(context.Context, spotify.ID) ([]spotify.Item, error) { return nil, a.unread }

// What a run leaves on disk of a playlist tells the next one what reads may show: nothing where nothing happened, what is known to
// be there, or that it is not known.
func TestRecordOfRunThatEndsEarly(t *testing.T) {
	refused := &spotify.Error{Method: http.MethodPost, Status: 403, Kind: spotify.ErrForbidden}
	lost := &spotify.UnavailableError{Method: http.MethodPost, Sent: true}
	broken := errors.New("broken")
	cutShort := &store.Settling{ID: id, States: []store.Mark{{Items: "a"}, {Items: "b"}}, Unsure: true, Ours: []store.Mark{{Items: "b"}}}
	name := "B"
	rename := reconcile.NewEdit(reconcile.ChangeDetails, &reconcile.Details{Name: &name})
	add := reconcile.Edit{Edit: edit.Edit{Kind: edit.Insert, At: 1, URIs: []spotify.URI{two}}}
	for what, tt := range map[string]struct {
		earlier *store.Settling // of a run two minutes ago
		edits   []reconcile.Edit
		answers []error
		unread  error
		stop    bool // the run is interrupted after the first request

		none, same, unsure bool // the record: there is none, it is the earlier one, it says that it is not known what is there
		name               string
		songs              int
	}{
		"refused":                           {edits: []reconcile.Edit{rename}, answers: []error{refused}, none: true},
		"refused after a run cut short":     {earlier: cutShort, edits: []reconcile.Edit{rename}, answers: []error{refused}, same: true},
		"happened, and the next is refused": {edits: []reconcile.Edit{rename, add}, answers: []error{nil, refused}, name: "B", songs: 1},
		"happened, and the run is stopped":  {edits: []reconcile.Edit{rename, add}, answers: []error{nil}, stop: true, name: "B", songs: 1},
		"lost, and can't be read":           {edits: []reconcile.Edit{add}, answers: []error{lost}, unread: broken, unsure: true},
		"happened, and the next is lost":    {edits: []reconcile.Edit{rename, add}, answers: []error{nil, lost}, unread: broken, unsure: true},
		"happened":                          {edits: []reconcile.Edit{add}, answers: []error{nil}, name: "A", songs: 2},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now().UTC()
				time.Sleep(time.Hour)
				state := store.OpenState(store.OS{}, filepath.Join(dir, "state"), lockfile.IssuerLoopback, filepath.Join(dir, "lock"))
				account := store.OpenAccount(store.OS{}, filepath.Join(dir, "state"), filepath.Join(dir, "cache"), lockfile.IssuerLoopback, "me")
				lock, err := lockstore.Open(store.OS{}, state, filepath.Join(dir, "lock"), lockfile.IssuerLoopback)
				if err != nil {
					t.Fatal(err)
				}
				before := &reconcile.Picture{Name: "A", Tracks: []reconcile.Row{{URI: one, AddedAt: began}}, Snapshot: "before", Following: true, Seen: time.Now()}
				if tt.earlier != nil {
					tt.earlier.Time = time.Now().UTC().Add(-2 * time.Minute)
					base := store.Base{Address: "playlist.a", Time: began, Confirmed: true, Contents: before.Contents(id)}
					if err := errors.Join(account.SaveSettling(*tt.earlier), state.SaveBase(base)); err != nil {
						t.Fatal(err)
					}
				}
				a := &Applier{APIs: map[string]API{"default": &answers{to: tt.answers, unread: tt.unread}}, Accounts: map[string]*store.Account{"default": account},
					Lock: lock, State: state, Library: map[string][]spotify.Playlist{"default": {{Name: "A&B"}}}}
				if tt.stop {
					stop := make(chan struct{})
					a.Stop, a.Report = stop, func(e reconcile.Event) {
						if e.Type == reconcile.EventRequested {
							close(stop)
						}
					}
				}
				_, err = a.Apply(t.Context(), &reconcile.Plan{Accounts: map[string]reconcile.PlanAccount{"default": {ID: "me", User: "me"}},
					Changes: []reconcile.Change{{Address: "playlist.a", Account: "default", Action: reconcile.Update, ID: id, Before: before, After: before,
						Desired: &reconcile.DesiredState{HasTracks: true, Tracks: []spotify.URI{one, two}}, Edits: tt.edits}}})
				if err != nil {
					t.Fatal(err)
				}
				got, err := account.Written(id)
				switch {
				case err != nil:
					t.Fatal(err)
				case got == nil != tt.none:
					t.Fatalf("the record is %+v", got)
				case tt.none:
				case tt.same:
					if !got.Time.Equal(tt.earlier.Time) || !got.Unsure || len(got.States) != len(tt.earlier.States) {
						t.Errorf("the record is %+v, want the earlier one %+v", got, tt.earlier)
					}
				case got.Unsure != tt.unsure:
					t.Errorf("unsure %v, want %v", got.Unsure, tt.unsure)
				case !tt.unsure && (got.Expected.Details.Name != tt.name || len(got.Expected.Items) != tt.songs):
					t.Errorf("the record says %q with %d songs, want %q with %d", got.Expected.Details.Name, len(got.Expected.Items), tt.name, tt.songs)
				}
			})
		})
	}
}
