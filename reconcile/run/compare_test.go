package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func (w *world) quirks(change func(*sandbox.Quirks)) {
	q := w.server.Quirks()
	change(&q)
	w.server.SetQuirks(q)
}

func TestDescriptions(t *testing.T) {
	for name, text := range map[string]string{
		"escaped": `Tom & Jerry's <best> \"of\" a/b`, "literal entities": "a &amp; b &#x27;", "empty": "", "space": " ", "folded": "two  spaces ", "unicode": "Café – naïve",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("a", "A", songs(1), `description = "`+text+`"`), func(t *testing.T, w *world) {
				w.mustApply()
				w.converged()
				w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Description = "vandalised" })
				w.mustApply()
				w.converged()
				w.hcl = block("a", "A", songs(1), `description = "other"`)
				w.mustApply()
				if got := w.there("playlist.a").Description; got != "other" {
					t.Errorf("the description is %q", got)
				}
				w.hcl = block("a", "A", songs(1), `description = "`+text+`"`)
				w.mustApply()
				w.converged()
			})
		})
	}
}

func TestDescriptionEmptiedElsewhere(t *testing.T) {
	inWorld(t, block("a", "A", songs(1), `description = " "`), func(t *testing.T, w *world) {
		w.mustApply()
		for _, empty := range []string{"", " ", "\n "} {
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Description = empty })
			w.converged()
		}
	})
}

func TestLeftOutIsLeftAlone(t *testing.T) {
	inWorld(t, block("a", "A", nil), func(t *testing.T, w *world) {
		w.mustApply()
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) {
			p.Description, p.Public, p.Rows = "mine", true, []sandbox.Row{{URI: song(5)}}
		})
		w.converged()
		w.holds("playlist.a", song(5))
	})
}

func TestLinkInDescription(t *testing.T) {
	for _, when := range []string{"create", "update"} {
		t.Run(when, func(t *testing.T) {
			files := block("a", "New", songs(1), `description = "see https://example.org/x"`)
			inWorld(t, files, func(t *testing.T, w *world) {
				if when == "update" {
					w.hcl = block("a", "A", songs(1))
					w.mustApply()
					w.hcl = files
				}
				w.mustApply()
				if !w.warned("description") {
					t.Error("nobody is told")
				}
				if w.there("playlist.a").Name != "New" {
					t.Error("the rest was not sent")
				}
				w.owned(1)
				if r := w.plan(); !planWarns(r.plan, "refuses its description") {
					t.Errorf("the plan does not say so:\n%s", describe(r.plan))
				}
				w.converged()
				w.hcl = block("a", "New", songs(1), `description = "no link"`)
				w.mustApply()
				if w.there("playlist.a").Description != "no link" {
					t.Error("the next description was not sent")
				}
				w.converged()
			})
		})
	}
}

func TestPublicIgnored(t *testing.T) {
	t.Run("at creation", func(t *testing.T) {
		inWorld(t, block("a", "A", songs(1), "public = false"), func(t *testing.T, w *world) {
			w.quirks(func(q *sandbox.Quirks) { q.IgnorePublic = true })
			w.mustApply()
			w.converged()
			if r := w.plan(); !planWarns(r.plan, "did not honour public") {
				t.Errorf("no warning:\n%s", describe(r.plan))
			}
			if n := w.server.Counts()["PUT /playlists/{id}"]; n > 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	})
	t.Run("at a change", func(t *testing.T) {
		inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
			w.mustApply()
			w.quirks(func(q *sandbox.Quirks) { q.IgnorePublic = true })
			w.hcl = block("a", "A", songs(1), "public = true")
			w.mustApply()
			w.converged()
			if n := w.server.Counts()["PUT /playlists/{id}"]; n != 1 {
				t.Errorf("it was asked %d times", n)
			}
			w.hcl = block("a", "A", songs(1, 2), "public = true") // another change asks no more
			w.mustApply()
			w.converged()
			if n := w.server.Counts()["PUT /playlists/{id}"]; n != 1 {
				t.Errorf("it was asked %d times", n)
			}
			// honoured after all, and then changed by somebody: that is a difference again
			w.quirks(func(q *sandbox.Quirks) { q.IgnorePublic = false })
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Public = true })
			w.converged()
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Public = false })
			w.mustApply()
			if !w.there("playlist.a").Public {
				t.Error("it is no longer asked for")
			}
			w.converged()
		})
	})
}

func TestPublicDelayed(t *testing.T) {
	for _, when := range []string{"create", "update"} {
		for _, delay := range []time.Duration{5 * time.Second, 40 * time.Second, 3 * time.Minute} {
			t.Run(when+" "+delay.String(), func(t *testing.T) {
				files := block("a", "A", songs(1), "public = false")
				inWorld(t, files, func(t *testing.T, w *world) {
					w.quirks(func(q *sandbox.Quirks) { q.PublicDelay = delay })
					if when == "update" {
						w.hcl = block("a", "A", songs(1), "public = true")
						w.mustApply()
						time.Sleep(5 * time.Minute)
						w.mustApply()
						w.hcl = files
					}
					w.mustApply()
					w.converged()
					time.Sleep(5 * time.Minute)
					w.converged()
					if w.there("playlist.a").Public {
						t.Error("it is public")
					}
					if r := w.plan(); planWarns(r.plan, "public") {
						t.Errorf("a warning stays:\n%s", describe(r.plan))
					}
				})
			})
		}
	}
}

func TestCollaborative(t *testing.T) {
	inWorld(t, block("a", "A", songs(1), "public = true"), func(t *testing.T, w *world) {
		w.mustApply()
		w.hcl = block("a", "A", songs(1), "collaborative = true")
		w.mustApply()
		if p := w.there("playlist.a"); !p.Collaborative || p.Public {
			t.Errorf("collaborative %v, public %v", p.Collaborative, p.Public)
		}
		w.converged()
		w.hcl = block("b", "B", songs(1), "collaborative = true") + w.hcl
		w.mustApply()
		if p := w.there("playlist.b"); !p.Collaborative || p.Public {
			t.Errorf("created: collaborative %v, public %v", p.Collaborative, p.Public)
		}
		w.converged()
	})
}

func TestWithdrawnWhileInAPlaylist(t *testing.T) {
	for _, keep := range []bool{false, true} {
		inWorld(t, block("a", "A", songs(1, 2, 3, 4)), func(t *testing.T, w *world) {
			w.quirks(func(q *sandbox.Quirks) { q.NullItemsKeepURI = keep })
			w.mustApply()
			time.Sleep(2 * time.Minute)
			w.server.Withdraw(song(2))
			w.server.Edit(w.id("playlist.a"), func(*sandbox.Playlist) {}) // the snapshot moves, so that it is read
			w.converged()
			w.holds("playlist.a", songs(1, 2, 3, 4)...)
			// the rest can be edited around it
			w.hcl = block("a", "A", songs(4, 1, 2, 3, 5))
			w.mustApply()
			w.holds("playlist.a", songs(4, 1, 2, 3, 5)...)
			w.converged()
			// out of the file it stays: it can't be named
			w.hcl = block("a", "A", songs(4, 1, 3, 5))
			w.mustApply()
			w.converged()
			w.hcl = block("a", "A", songs(5, 4, 3, 1, 6), `keep_dates = "never"`)
			w.mustApply()
			w.converged()
			if !slices.Contains(rowURIs(w.there("playlist.a")), song(2)) {
				t.Error("what may come back was thrown away")
			}
			w.hcl = block("a", "A", songs(5, 4, 3), "lifecycle {\n drop_opaque = true\n}")
			w.mustApply()
			w.holds("playlist.a", songs(5, 4, 3)...)
			w.converged()
		})
	}
}

func TestRefusedURI(t *testing.T) {
	for name, bad := range map[string]spotify.URI{"track": song(50), "episode": talk(50)} {
		for _, how := range []string{"create", "insert", "replace"} {
			t.Run(name+" "+how, func(t *testing.T) {
				want := append(songs(1, 2, 3), bad)
				want = append(want, songs(4, 5, 6)...)
				good := songs(1, 2, 3, 4, 5, 6)
				lines := []string{}
				if how == "replace" {
					lines = append(lines, `keep_dates = "never"`)
				}
				inWorld(t, block("a", "A", want, lines...), func(t *testing.T, w *world) {
					w.force = true
					w.server.Withdraw(bad)
					files := w.hcl
					if how != "create" {
						w.hcl = block("a", "A", songs(90, 91, 92), lines...)
						w.mustApply()
						time.Sleep(2 * time.Minute)
						w.hcl = files
					}
					w.mustApply()
					w.holds("playlist.a", good...)
					w.owned(1)
					if !w.warned(string(bad)) {
						t.Error("it is not named")
					}
					if !strings.Contains(w.lockText(), string(bad)) {
						t.Error("it is not noted")
					}
					r := w.plan()
					if !planWarns(r.plan, string(bad)) || !slices.ContainsFunc(r.plan.Warnings, func(w reconcile.Warning) bool { return strings.HasPrefix(w.Source, "playlists.hcl:") }) {
						t.Errorf("no line is to blame:\n%s", describe(r.plan))
					}
					w.converged()
					// a week later it is tried again, and refused again
					time.Sleep(7 * 24 * time.Hour)
					w.mustApply()
					w.holds("playlist.a", good...)
					w.converged()
					// and the week after that it is back
					w.server.Restore(bad)
					time.Sleep(7 * 24 * time.Hour)
					w.mustApply()
					w.holds("playlist.a", want...)
					w.converged()
					if strings.Contains(w.lockText(), string(bad)) {
						t.Error("it is still noted")
					}
				})
			})
		}
	}
}

func TestManyRefused(t *testing.T) {
	inWorld(t, block("a", "A", upTo(60)), func(t *testing.T, w *world) {
		var good []spotify.URI
		for i, u := range upTo(60) {
			if i%17 == 3 {
				w.server.Missing(u)
				continue
			}
			good = append(good, u)
		}
		w.mustApply()
		w.holds("playlist.a", good...)
		w.owned(1)
		w.converged()
	})
}

func TestRelinked(t *testing.T) {
	for _, told := range []bool{true, false} {
		name := "not told"
		if told {
			name = "told"
		}
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
				for n, isrc := range map[int]string{2: "QZ0000000002", 77: "QZ0000000002", 9: "QZ0000000009"} {
					w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", n), Title: fmt.Sprint("Song ", n), Artists: []string{"Somebody"}, ISRC: isrc})
				}
				w.quirks(func(q *sandbox.Quirks) {
					q.Relink, q.DropLinkedFrom = map[string]string{string(song(2)): string(song(77))}, !told
				})
				w.mustApply()
				w.converged()
				w.holds("playlist.a", songs(1, 2, 3)...)
				// somebody adds a song: only that goes
				w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(9)}) })
				w.server.ResetRequests()
				w.mustApply()
				w.holds("playlist.a", songs(1, 2, 3)...)
				if got := w.server.Writes(); got != 1 {
					t.Errorf("%d writes for one stranger", got)
				}
				if !told && !strings.Contains(w.lockText(), string(song(77))) {
					t.Errorf("the alias was not learned:\n%s", w.lockText())
				}
				w.converged()
				// and it can be moved, removed and put back
				for _, want := range [][]spotify.URI{songs(2, 1, 3), songs(1, 3), songs(1, 3, 2)} {
					w.hcl = block("a", "A", want)
					w.mustApply()
					w.holds("playlist.a", want...)
					w.converged()
				}
			})
		})
	}
}

// TestExchangedBySomebody: another song in the place of one of ours is healed, even where it seems to be as old as ours.
func TestExchangedBySomebody(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
		for _, n := range []int{2, 9} {
			w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", n), Title: fmt.Sprint("Song ", n), Artists: []string{"Somebody"}, ISRC: fmt.Sprintf("QZ%010d", n)})
		}
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows[1].URI = song(9) })
		w.mustApply()
		w.holds("playlist.a", songs(1, 2, 3)...)
		w.converged()
	})
}

func TestRelinkedLater(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
		w.quirks(func(q *sandbox.Quirks) { q.Relink = map[string]string{string(song(4)): string(song(77))} })
		w.mustApply()
		w.converged()
		w.hcl = block("a", "A", songs(4, 3, 1, 2, 5)) // several positional edits, so that it is read at once
		w.mustApply()
		w.holds("playlist.a", songs(4, 3, 1, 2, 5)...)
		w.converged()
	})
}

// TestManyRelinked: so many songs may be shown as others that not each is looked up; another song among them is healed
// all the same.
func TestManyRelinked(t *testing.T) {
	for name, exchanged := range map[string]bool{"all": false, "but one": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("a", "A", upTo(60)), func(t *testing.T, w *world) {
				relink := make(map[string]string)
				for n := range 61 {
					twin := 1000 + n
					for _, k := range []int{n, twin} {
						w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", k), Title: fmt.Sprint("Song ", n), Artists: []string{"Somebody"}, ISRC: fmt.Sprintf("QZ%010d", n)})
					}
					if n%2 == 1 {
						relink[string(song(n))] = string(song(twin))
					}
				}
				w.quirks(func(q *sandbox.Quirks) { q.Relink, q.DropLinkedFrom = relink, true })
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", 2000), Title: "Other", Artists: []string{"Somebody"}, ISRC: "QZ0000002000"})
				writes := 1
				w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) {
					if exchanged {
						writes++
						p.Rows[3].URI = song(2000)
					}
					p.Rows = append(p.Rows, sandbox.Row{URI: song(2000)})
				})
				w.server.ResetRequests()
				w.mustApply()
				if got := w.server.Writes(); got > writes {
					t.Errorf("%d writes for %d strangers", got, writes)
				}
				w.holds("playlist.a", upTo(60)...)
				w.converged()
			})
		})
	}
}

// TestRelinkedAfterItWasRead: a song that was read before, and is shown under another URI from then on, is known by its
// date and its name, whether or not somebody has edited the playlist.
func TestRelinkedAfterItWasRead(t *testing.T) {
	for name, foreign := range map[string]bool{"edited": true, "cache lost": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("a", "A", songs(1, 2, 3, 2, 4)), func(t *testing.T, w *world) {
				for n, isrc := range map[int]string{2: "QZ0000000002", 77: "QZ0000000002", 9: "QZ0000000009"} {
					w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", n), Title: fmt.Sprint("Song ", n%75), Artists: []string{"Somebody"}, ISRC: isrc})
				}
				edit := func() {
					w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(9)}) })
				}
				w.mustApply()
				time.Sleep(2 * time.Minute)
				edit()
				w.mustApply() // all dates are read
				w.converged()
				time.Sleep(2 * time.Minute)
				w.quirks(func(q *sandbox.Quirks) {
					q.Relink, q.DropLinkedFrom = map[string]string{string(song(2)): string(song(77))}, true
				})
				if foreign {
					edit()
					w.server.ResetRequests()
					w.mustApply()
					if got := w.server.Writes(); got != 1 {
						t.Errorf("%d writes for one stranger", got)
					}
				} else if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
					t.Fatal(err)
				}
				w.converged()
				w.holds("playlist.a", songs(1, 2, 3, 2, 4)...)
				time.Sleep(2 * time.Minute)
				w.converged()
				w.hcl = block("a", "A", songs(1, 3, 4))
				w.mustApply()
				w.holds("playlist.a", songs(1, 3, 4)...)
				w.converged()
			})
		})
	}
}

func TestLocalFiles(t *testing.T) {
	local := sandbox.Row{URI: "spotify:local:Me:Demos:First:180", Local: true}
	inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = slices.Insert(p.Rows, 1, local) })
		w.converged()
		for _, tt := range []struct{ want, there []spotify.URI }{
			{songs(1, 2, 3, 4), []spotify.URI{song(1), local.URI, song(2), song(3), song(4)}},
			{songs(3, 1, 2), []spotify.URI{song(3), song(1), local.URI, song(2)}},
			{songs(2), nil},
		} {
			w.hcl, w.force = block("a", "A", tt.want, `keep_dates = "never"`), true
			w.mustApply()
			if tt.there != nil {
				w.holds("playlist.a", tt.there...)
			}
			if !slices.Contains(rowURIs(w.there("playlist.a")), local.URI) {
				t.Fatal("the local file is lost")
			}
			w.converged()
		}
		w.hcl = block("a", "A", songs(2), "lifecycle {\n drop_opaque = true\n}")
		w.mustApply()
		w.holds("playlist.a", song(2))
		w.converged()
	})
}

func TestAppendMode(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2, 2), `mode = "append"`), func(t *testing.T, w *world) {
		w.mustApply()
		w.holds("playlist.a", songs(1, 2, 2)...)
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) {
			p.Rows = []sandbox.Row{{URI: song(9)}, {URI: song(2)}, {URI: song(8)}}
		})
		time.Sleep(2 * time.Minute)
		w.mustApply()
		w.holds("playlist.a", songs(9, 2, 8, 1, 2)...)
		w.converged()
		w.hcl = block("a", "A", songs(7), `mode = "append"`)
		w.mustApply()
		w.holds("playlist.a", songs(9, 2, 8, 1, 2, 7)...)
		w.converged()
	})
}

func TestIgnoreChanges(t *testing.T) {
	files := func(n ...int) string {
		return block("a", "A", songs(n...), `description = "D"`, "lifecycle {\n ignore_changes = [\"description\", \"tracks\"]\n}")
	}
	inWorld(t, files(1, 2), func(t *testing.T, w *world) {
		w.mustApply()
		w.holds("playlist.a", songs(1, 2)...) // what is ignored counts when it is made
		if w.there("playlist.a").Description != "D" {
			t.Error("no description")
		}
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) {
			p.Description, p.Rows = "mine", append(p.Rows, sandbox.Row{URI: song(9)})
		})
		w.converged()
		w.hcl = strings.Replace(files(5), `"A"`, `"B"`, 1)
		w.mustApply()
		w.holds("playlist.a", songs(1, 2, 9)...)
		if p := w.there("playlist.a"); p.Name != "B" || p.Description != "mine" {
			t.Errorf("%q, %q", p.Name, p.Description)
		}
		w.converged()
	})
}

func TestKeepDates(t *testing.T) {
	from := upTo(80)
	to := make([]spotify.URI, 80)
	for i := range to {
		to[i] = from[(i*37+11)%80]
	}
	for _, mode := range []string{"auto", "always", "never"} {
		t.Run(mode, func(t *testing.T) {
			inWorld(t, block("a", "A", from), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				had := spread(w, "playlist.a")
				w.hcl = block("a", "A", to, `keep_dates = "`+mode+`"`)
				w.server.ResetRequests()
				r := w.mustApply()
				c := r.plan.Changes[0]
				if (c.Cheaper != nil) != (mode == "auto") {
					t.Errorf("a cheaper way is offered: %v", c.Cheaper != nil)
				}
				if c.Cheaper != nil && (len(c.Cheaper.Edits) != 1 || c.Cheaper.DatesLost != 80) {
					t.Errorf("the cheaper way takes %d requests and %d dates", len(c.Cheaper.Edits), c.Cheaper.DatesLost)
				}
				if mode == "never" && w.server.Writes() != 1 {
					t.Errorf("%d writes", w.server.Writes())
				}
				kept := slices.Equal(dates(w.there("playlist.a"))[song(5)], had[song(5)])
				if kept == (mode == "never") {
					t.Errorf("dates kept: %v", kept)
				}
				w.holds("playlist.a", to...)
				w.converged()
			})
		})
	}
}
