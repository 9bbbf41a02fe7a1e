package edit

import (
	"strings"
	"testing"

	"github.com/spotsync/spotsync/spotify"
)

func word(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		if r.Opaque {
			b.WriteByte('.')
		} else {
			b.WriteString(strings.TrimPrefix(string(r.URI), "spotify:track:"))
		}
	}
	return b.String()
}

func TestApply(t *testing.T) {
	u := func(w string) []spotify.URI { return uris(list(w)) }
	for _, c := range []struct {
		have string
		e    Edit
		want string // starts with "!" if refused
	}{
		{"abc", Edit{Kind: Insert, At: 0, URIs: u("xy")}, "xyabc"},
		{"abc", Edit{Kind: Insert, At: 3, URIs: u("a")}, "abca"},
		{"abc", Edit{Kind: Insert, At: 4, URIs: u("x")}, "!insert: position 4 is outside a list of 3"},
		{"abc", Edit{Kind: Insert, At: -1, URIs: u("x")}, "!insert: position -1 is outside"},
		{"abc", Edit{Kind: Insert, At: 0}, "!insert: no URIs"},
		{"abc", Edit{Kind: Insert, At: 0, URIs: u("wxyz")}, "!insert: 4 URIs in one request, at most 3"},
		{"abcdef", Edit{Kind: Insert, At: 0, URIs: u("xyz")}, "!insert: 6 items would become 9, a playlist holds at most 8"},
		{"a.ab.a", Edit{Kind: Remove, URIs: u("a")}, ".b."},
		{"abc", Edit{Kind: Remove, URIs: u("ab")}, "c"},
		{"abc", Edit{Kind: Remove, URIs: u("ax")}, "!remove: spotify:track:x is not in the list"},
		{"abc", Edit{Kind: Remove, URIs: u("aa")}, "!remove: spotify:track:a is named twice"},
		{"abc", Edit{Kind: Remove}, "!remove: no URIs"},
		{"abcde", Edit{Kind: Move, Start: 1, N: 2, Before: 5}, "adebc"},
		{"abcde", Edit{Kind: Move, Start: 3, N: 1, Before: 0}, "dabce"},
		{"abcde", Edit{Kind: Move, Start: 1, N: 1, Before: 3}, "acbde"},
		{"abcde", Edit{Kind: Move, Start: 1, N: 2, Before: 2}, "!move: 2 rows from 1 to before 2 move nothing"},
		{"abcde", Edit{Kind: Move, Start: 1, N: 2, Before: 3}, "!move: 2 rows from 1 to before 3 move nothing"},
		{"abcde", Edit{Kind: Move, Start: 3, N: 3, Before: 0}, "!move: 3 rows from 3 to before 0 are outside a list of 5"},
		{"abcde", Edit{Kind: Move, Start: 0, N: 1, Before: 6}, "!move: 1 rows from 0 to before 6 are outside a list of 5"},
		{"abcde", Edit{Kind: Move, Start: 0, Before: 5}, "!move: 0 rows"},
		{"a.b", Edit{Kind: Replace, URIs: u("xyz")}, "xyz"},
		{"abc", Edit{Kind: Replace}, ""},
		{"abc", Edit{Kind: Replace, URIs: u("wxyz")}, "!replace: 4 URIs in one request, at most 3"},
		{"abc", Edit{Kind: "swap"}, `!unknown kind of edit "swap"`},
	} {
		have := list(c.have)
		got, err := Apply(have, []Edit{c.e}, Options{MaxURIs: 3, MaxItems: 8})
		switch {
		case strings.HasPrefix(c.want, "!"):
			if err == nil || !strings.Contains(err.Error(), c.want[1:]) {
				t.Errorf("%s, %+v: got %v, want error %s", c.have, c.e, err, c.want[1:])
			}
		case err != nil || word(got) != c.want:
			t.Errorf("%s, %+v: got %s %v, want %s", c.have, c.e, word(got), err, c.want)
		}
		if word(have) != c.have {
			t.Errorf("%s, %+v: changed its input to %s", c.have, c.e, word(have))
		}
	}
}

// What rides on a row stays with it, and have stays as it is.
func TestReplay(t *testing.T) {
	type row struct {
		uri  spotify.URI
		date string
	}
	have := []row{{"a", "1 May"}, {"b", "2 May"}, {"c", "3 May"}}
	step := func(rows []row, e Edit) []row {
		t.Helper()
		out, err := Replay(rows, e,
			func(r row) spotify.URI { return r.uri },
			func(row) bool { return false },
			func(u spotify.URI) row { return row{u, "today"} })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	got := step(have, Edit{Kind: Remove, URIs: []spotify.URI{"b"}})
	got = step(got, Edit{Kind: Insert, At: 1, URIs: []spotify.URI{"b"}})
	got = step(got, Edit{Kind: Move, Start: 2, N: 1, Before: 0})
	want := []row{{"c", "3 May"}, {"a", "1 May"}, {"b", "today"}}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	if have[1] != (row{"b", "2 May"}) {
		t.Fatalf("have was changed: %v", have)
	}
}
