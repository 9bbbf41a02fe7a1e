package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// latency is how long each request takes, besides what the sandbox needs.
const latency = 20 * time.Millisecond

// BenchmarkRun runs whole commands over accounts of 100 and 1,000 playlists of 300 songs, with a Spotify 20 ms away. It
// reports how many requests a run sends to the Web API, and how many of them are writes. Memory is that of command and
// sandbox together. docs/performance.md shows the figures and says how to repeat them.
func BenchmarkRun(b *testing.B) {
	for _, playlists := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%dx300", playlists), func(b *testing.B) { benchmarkAccount(b, playlists) })
	}
}

func benchmarkAccount(b *testing.B, playlists int) {
	var l *large // the account made last
	home := b.TempDir()
	n := 0
	fresh := func(b *testing.B) {
		n++
		if l != nil {
			l.close()
		}
		l = newLarge(b, filepath.Join(home, strconv.Itoa(n)), playlists, 300)
	}
	defer func() {
		if l != nil { // something was measured
			l.close()
		}
	}()
	// measure times a command; before it, prepare gets ready, at the speed of a Spotify next door.
	measure := func(name string, prepare func(b *testing.B), command string, args ...string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			runs, requests, writes := 0, 0, 0
			for b.Loop() {
				b.StopTimer()
				if l == nil && name != "create" { // that one was left out
					fresh(b)
					l.run(b, exitOK, "apply", "--auto-approve")
				}
				prepare(b)
				l.latency.Store(int64(latency))
				l.spotify.ResetRequests()
				b.StartTimer()
				l.again(b, exitOK, command, args...)
				b.StopTimer()
				l.latency.Store(0)
				r, w := l.asked()
				runs, requests, writes = runs+1, requests+r, writes+w
				b.StartTimer()
			}
			b.ReportMetric(float64(requests)/float64(runs), "requests")
			b.ReportMetric(float64(writes)/float64(runs), "writes")
		})
	}
	quiet := []string{"--detailed-exitcode"} // a difference fails
	nothing := func(*testing.B) {}
	settle := func(b *testing.B) { l.settle(b) }
	edits := 0
	// edited settles, and changes the next playlist of the file.
	edited := func(edit func(int)) func(b *testing.B) {
		return func(b *testing.B) {
			l.settle(b)
			edit(edits % playlists)
			edits++
			l.write(b)
		}
	}

	measure("create", fresh, "apply", "--auto-approve")
	measure("plan/just_written", nothing, "plan", quiet...)
	measure("plan/settled", func(b *testing.B) {
		l.settle(b)
		l.again(b, exitOK, "plan") // the first one writes down that all agrees
	}, "plan", quiet...)
	measure("plan/refresh=false", settle, "plan", append(quiet, "--refresh=false")...)
	measure("plan/target", settle, "plan", append(quiet, "--target", "playlist.list_7")...)
	measure("plan/no_cache", func(b *testing.B) { l.settle(b); l.forget(b) }, "plan", quiet...)
	measure("apply/insert", edited(func(i int) { l.insert(i) }), "apply", "--auto-approve")
	measure("apply/move", edited(func(i int) { l.move(i) }), "apply", "--auto-approve")
	measure("apply/remove", edited(func(i int) { l.remove(i) }), "apply", "--auto-approve")
	measure("apply/rename", edited(func(i int) { l.rename(i) }), "apply", "--auto-approve")
	measure("plan/renamed", func(b *testing.B) {
		edited(func(i int) { l.rename(i) })(b)
		l.run(b, exitOK, "apply", "--auto-approve")
		l.settle(b)
	}, "plan", quiet...)
}
