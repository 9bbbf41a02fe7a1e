package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
)

// filtered is a list that was worked out and has nothing in it.
const filtered = `tracks = [for t in ["spotify:track:003vvx7Niy0yvhvHt4a68B"] : t if t == ""]`

// TestWhenEmpty: a list that was worked out and came to nothing takes no song away unless when_empty says so; everything else
// is done.
func TestWhenEmpty(t *testing.T) {
	const other = "playlist \"b\" {\n  name = \"B%d\"\n}\n"
	for _, n := range []int{3, 40} { // below and above what max_removals guards
		for name, tt := range map[string]struct {
			after   string // of the block a
			refused bool
			left    int
			name    string
			status  string
		}{
			"refuse":           {"  name = \"New\"\n  " + filtered, true, n, "A", reconcile.CheckFail},
			"refuse, said":     {"  name = \"New\"\n  when_empty = \"refuse\"\n  " + filtered, true, n, "A", reconcile.CheckFail},
			"keep":             {"  name = \"New\"\n  when_empty = \"keep\"\n  " + filtered, false, n, "New", reconcile.CheckPass},
			"clear":            {"  name = \"New\"\n  when_empty = \"clear\"\n  " + filtered, false, 0, "New", reconcile.CheckPass},
			"meant":            {"  name = \"New\"\n  tracks = []\n  lifecycle {\n    max_removals = \"100%\"\n  }", false, 0, "New", ""},
			"nested":           {"  name = \"New\"\n  tracks = [[]]", true, n, "A", reconcile.CheckFail},
			"not of the files": {"  name = \"New\"", false, n, "New", ""},
			"append":           {"  name = \"New\"\n  mode = \"append\"\n  " + filtered, false, n, "New", ""},
			"ignored":          {"  name = \"New\"\n  " + filtered + "\n  lifecycle {\n    ignore_changes = [tracks]\n  }", false, n, "New", ""},
		} {
			for _, force := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/%t", name, n, force), func(t *testing.T) {
					inWorld(t, block("a", "A", upTo(n))+fmt.Sprintf(other, 1), func(t *testing.T, w *world) {
						w.mustApply()
						time.Sleep(2 * time.Minute)
						w.hcl, w.force = "playlist \"a\" {\n"+tt.after+"\n}\n"+fmt.Sprintf(other, 2), force
						r := w.apply()
						if r.err != nil || r.plan == nil || r.plan.Forbidden() != nil || len(r.res.Failures) > 0 {
							t.Fatalf("%v, %+v", r.err, r)
						}
						refusal, refused := r.plan.RefusalOf("playlist.a")
						if refused != tt.refused || refused && (refusal.Guard || !strings.Contains(refusal.Detail, "lets none of the 1") && name != "nested" || !strings.Contains(refusal.Detail, `when_empty = "clear"`)) {
							t.Errorf("refused: %t, %+v", refused, refusal)
						}
						checks := slices.DeleteFunc(slices.Clone(r.plan.Checks), func(c reconcile.CheckResult) bool { return c.Kind != "when_empty" })
						switch {
						case tt.status == "" && len(checks) > 0, tt.status != "" && (len(checks) != 1 || checks[0].Status != tt.status || checks[0].Source == "" || checks[0].Message == ""):
							t.Errorf("checks: %+v", checks)
						}
						if got := w.there("playlist.a"); len(got.Rows) != tt.left || got.Name != tt.name {
							t.Errorf("%d songs in %q, want %d in %q", len(got.Rows), got.Name, tt.left, tt.name)
						}
						if got := w.there("playlist.b").Name; got != "B2" {
							t.Errorf("the other is called %q", got)
						}
						time.Sleep(2 * time.Minute)
						if again := w.plan(); !again.plan.Empty() {
							t.Errorf("the second plan is not empty:\n%s", describe(again.plan))
						}
					})
				})
			}
		}
	}
}

// TestEmptyOfAnEmptyPlaylist: where there is nothing to lose nothing is refused, and what is added meanwhile stays.
func TestEmptyOfAnEmptyPlaylist(t *testing.T) {
	inWorld(t, "playlist \"a\" {\n  name = \"A\"\n  "+filtered+"\n}\n", func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.converged()
		w.server.Edit(w.id("playlist.a"), addSong(3))
		time.Sleep(2 * time.Minute)
		w.refused("Its list of songs came to nothing")
		w.holds("playlist.a", songs(3)...)
	})
}

// TestMadeOfNothing: what uses a list that came to nothing loses no songs for that, directly or through others, unless the
// list may be empty. What it gains is added, and the edits of others' lists are made.
func TestMadeOfNothing(t *testing.T) {
	for _, tt := range []struct {
		when, middle string
		left         bool
	}{
		{"refuse", "", true}, {"keep", "", true}, {"clear", "", false},
		{"refuse", "locals {\n  more = [for t in playlist.a.tracks : t.uri]\n}\n", true},
		{"refuse", "playlist \"b\" {\n  name = \"B\"\n  tracks = playlist.a.tracks\n  when_empty = \"clear\"\n}\n", true},
	} {
		t.Run(tt.when+" "+strings.Join(strings.Fields(tt.middle), " "), func(t *testing.T) {
			uses := "playlist.a.tracks"
			switch {
			case strings.HasPrefix(tt.middle, "locals"):
				uses = "local.more"
			case tt.middle != "":
				uses = "playlist.b.tracks"
			}
			rest := fmt.Sprintf("  when_empty = %q\n}\n", tt.when) + tt.middle +
				fmt.Sprintf("playlist \"c\" {\n  name = \"C\"\n  tracks = concat(%s, [%q])\n  lifecycle {\n    max_removals = \"100%%\"\n  }\n}\n", uses, songs(9)[0])
			full := strings.TrimSuffix(block("a", "A", upTo(8)), "}\n")
			inWorld(t, full+rest, func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.force = true
				w.hcl = "playlist \"a\" {\n  name = \"A\"\n  " + filtered + "\n" + rest
				if tt.left {
					r := w.refused("It is made of a list that came to nothing")
					if r.Guard || !strings.Contains(r.Detail, "playlist.a") || !strings.Contains(r.Detail, "8 songs") {
						t.Errorf("%+v", r)
					}
					w.holds("playlist.c", append(upTo(8), songs(9)...)...)
					return
				}
				w.mustApply()
				w.holds("playlist.c", songs(9)...)
			})
		})
	}
}

func TestDaemonEmptiesNothing(t *testing.T) {
	inDaemon(t, block("a", "A", upTo(8)), func(t *testing.T, d *daemon) {
		d.round()
		time.Sleep(2 * time.Minute)
		d.hcl = "playlist \"a\" {\n  name = \"A\"\n  " + filtered + "\n}\n"
		for range 3 {
			d.is(d.round(), heal.Held, "came to nothing")
			time.Sleep(2 * time.Minute)
		}
		d.holds("playlist.a", upTo(8)...)
	})
}

// byDay is a block whose keys are worked out from the day, as keys from a file are.
func byDay(keys ...string) string {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	return fmt.Sprintf("locals {\n  keys = [for k in [%s] : k if timestamp() != \"\"]\n}\nplaylist \"genre\" {\n  for_each = toset(local.keys)\n  name     = each.key\n  tracks   = [%q]\n}\n",
		strings.Join(quoted, ", "), songs(1)[0])
}

const soul = `playlist.genre["soul"]`

// TestAKeyThatLeavesDeletesNothing: neither one nor all of them, forced or not, with a daemon or without.
func TestAKeyThatLeavesDeletesNothing(t *testing.T) {
	for name, keys := range map[string][]string{"one": {"jazz", "rock"}, "all": {}} {
		for _, force := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", name, force), func(t *testing.T) {
				inWorld(t, byDay("jazz", "rock", "soul"), func(t *testing.T, w *world) {
					w.mustApply()
					time.Sleep(2 * time.Minute)
					w.hcl, w.force = byDay(keys...), force
					r := w.mustApply()
					w.owned(3)
					left := 0
					for _, c := range r.plan.Changes {
						if !c.KeyGone {
							continue
						}
						left++
						why := strings.Join(c.Reasons, "\n")
						for _, want := range []string{"a removed block with from = " + c.Address, "destroy = true", "spotsync destroy --target '" + c.Address + "'", "`timestamp()`", "playlists.hcl:"} {
							if !strings.Contains(why, want) {
								t.Errorf("%s lacks %s", why, want)
							}
						}
						if c.Action != reconcile.None || c.Before == nil {
							t.Errorf("%s: %s", c.Address, c.Action)
						}
					}
					if left != 3-len(keys) || !r.plan.Empty() || !r.plan.Complete {
						t.Errorf("%d are left, complete %t:\n%s", left, r.plan.Complete, describe(r.plan))
					}
					w.hcl = byDay("jazz", "rock", "soul") // it comes back as what it was
					if r := w.plan(); !r.plan.Empty() {
						t.Errorf("back again:\n%s", describe(r.plan))
					}
				})
			})
		}
	}
}

// TestBothWaysOfDeletingAKey are those that the plan names; a key written out needs neither.
func TestBothWaysOfDeletingAKey(t *testing.T) {
	removed := func(destroy bool) string {
		return fmt.Sprintf("removed {\n  from = %s\n  lifecycle {\n    destroy = %t\n  }\n}\n", soul, destroy)
	}
	literal := "playlist \"genre\" {\n  for_each = toset([\"jazz\", \"rock\"])\n  name     = each.key\n  tracks   = [\"" + string(songs(1)[0]) + "\"]\n}\n"
	for name, tt := range map[string]struct {
		hcl     string
		command string
		owned   int
	}{
		"removed, destroyed": {byDay("jazz", "rock") + removed(true), "apply", 2},
		"removed, kept":      {byDay("jazz", "rock") + removed(false), "apply", 3},
		"destroyed":          {byDay("jazz", "rock"), "destroy", 2},
		"written out":        {literal, "apply", 2},
		"moved":              {byDay("jazz", "rock") + "playlist \"soul\" {\n  name = \"soul\"\n}\nmoved {\n  from = " + soul + "\n  to   = playlist.soul\n}\n", "apply", 3},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, byDay("jazz", "rock", "soul"), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.hcl, w.command = tt.hcl, reconcile.Command(tt.command)
				if tt.command == "destroy" {
					w.targets = []string{soul}
				}
				w.mustApply()
				w.owned(tt.owned)
				w.command, w.targets = "apply", nil
				time.Sleep(2 * time.Minute)
				r := w.plan()
				if !r.plan.Empty() || slices.ContainsFunc(r.plan.Changes, func(c reconcile.Change) bool { return c.KeyGone }) {
					t.Errorf("afterwards:\n%s", describe(r.plan))
				}
			})
		})
	}
}

// TestAKeyRenamedIsNoTwin: a key that changes its case is a new playlist of the old name.
func TestAKeyRenamedIsNoTwin(t *testing.T) {
	inWorld(t, strings.ReplaceAll(byDay("soul"), "= each.key", `= "Soul"`), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.hcl = strings.ReplaceAll(byDay("Soul"), "= each.key", `= "Soul"`)
		if r := w.refused("This looks like a renamed block"); strings.Contains(r.Detail, "apply the removal") {
			t.Errorf("advice that does not help: %s", r.Detail)
		}
		w.owned(1)
	})
}

func TestADaemonThatPrunesKeepsWhatLostItsKey(t *testing.T) {
	inDaemon(t, byDay("jazz", "soul"), func(t *testing.T, d *daemon) {
		d.Prune = true
		d.hcl = byDay("jazz")
		for range 4 {
			if v := d.round().verdicts[soul]; v.State != heal.Held || v.Releasable || !strings.Contains(v.Reason, "destroy --target") {
				t.Fatalf("%+v", v)
			}
			time.Sleep(2 * time.Minute)
		}
		d.owned(2)
	})
}

// TestAKeyThatLeavesARenamedBlock: the block gets another name and its for_each loses a key at once. Nothing is deleted, a
// second plan is empty, and the key that comes back is the playlist it was.
func TestAKeyThatLeavesARenamedBlock(t *testing.T) {
	renamed := func(keys ...string) string {
		return strings.Replace(byDay(keys...), `playlist "genre"`, `playlist "kind"`, 1)
	}
	moved := func(from, to string) string {
		return fmt.Sprintf("moved {\n  from = playlist.%s\n  to   = playlist.%s\n}\n", from, to)
	}
	each := moved(`genre["jazz"]`, `kind["jazz"]`) + moved(`genre["rock"]`, `kind["rock"]`)
	for name, moves := range map[string]string{
		"the whole block":         moved("genre", "kind"),
		"each key that is there":  each,
		"the key that left, too":  each + moved(`genre["soul"]`, `kind["soul"]`),
		"the whole block, by two": moved("genre", "style") + moved("style", "kind"),
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, byDay("jazz", "rock", "soul"), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.force = true
				w.hcl = renamed("jazz", "rock") + moves
				w.mustApply()
				w.owned(3)
				time.Sleep(2 * time.Minute)
				if r := w.plan(); !r.plan.Empty() {
					t.Errorf("afterwards:\n%s", describe(r.plan))
				}
				w.hcl = renamed("jazz", "rock") // the moved blocks are gone
				w.mustApply()
				w.owned(3)
				w.hcl = renamed("jazz", "rock", "soul")
				if r := w.plan(); !r.plan.Empty() {
					t.Errorf("back again:\n%s", describe(r.plan))
				}
			})
		})
	}
	for name, hcl := range map[string]string{
		"without a word":     renamed("jazz", "rock"),
		"one block is left":  "playlist \"genre\" {\n  name = \"jazz\"\n}\n",
		"one block, renamed": "playlist \"kind\" {\n  name = \"rock\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, byDay("jazz", "rock", "soul"), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.force = true
				w.hcl = hcl
				w.refused("This looks like a renamed block")
				w.owned(3)
			})
		})
	}
}
