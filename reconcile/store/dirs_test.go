package store

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestUserDirs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("absolute paths differ")
	}
	for name, tc := range map[string]struct {
		goos string
		env  map[string]string
		want string // state cache config
		err  string
	}{
		"linux":        {"linux", map[string]string{"HOME": "/h"}, "/h/.local/state/spotsync /h/.cache/spotsync /h/.config/spotsync", ""},
		"xdg":          {"linux", map[string]string{"HOME": "/h", "XDG_STATE_HOME": "/s/", "XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/f"}, "/s/spotsync /c/spotsync /f/spotsync", ""},
		"xdg relative": {"linux", map[string]string{"HOME": "/h/", "XDG_STATE_HOME": "s"}, "/h/.local/state/spotsync /h/.cache/spotsync /h/.config/spotsync", ""},
		"xdg, no home": {"freebsd", map[string]string{"XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "/f"}, "/s/spotsync /c/spotsync /f/spotsync", ""},
		"macos": {"darwin", map[string]string{"HOME": "/Users/j", "XDG_STATE_HOME": "/s"},
			"/Users/j/Library/Application Support/spotsync /Users/j/Library/Caches/spotsync /Users/j/Library/Application Support/spotsync", ""},
		"windows":                       {"windows", map[string]string{"LocalAppData": `C:\L`, "AppData": `C:\R`}, `C:\L\spotsync\state C:\L\spotsync\cache C:\R\spotsync`, ""},
		"data":                          {"linux", map[string]string{"HOME": "/h", "SPOTSYNC_DATA_DIR": "/d"}, "/d/state /d/cache /h/.config/spotsync", ""},
		"data alone, as in a container": {"linux", map[string]string{"SPOTSYNC_DATA_DIR": "/d"}, "/d/state /d/cache /d/config", ""},
		"nothing":                       {"linux", nil, "", "set HOME, or SPOTSYNC_DATA_DIR"},
		"nothing on windows":            {"windows", map[string]string{"AppData": `C:\R`}, "", "set SPOTSYNC_DATA_DIR"},
	} {
		t.Run(name, func(t *testing.T) {
			state, cache, config, err := UserDirs(func(k string) string { return tc.env[k] }, tc.goos)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got error %v", err)
				}
				return
			}
			if got := strings.Join([]string{state, cache, config}, " "); err != nil || got != tc.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
	state, _, _, err := UserDirs(func(k string) string { return map[string]string{"SPOTSYNC_DATA_DIR": "d"}[k] }, "linux")
	if want, _ := filepath.Abs("d/state"); err != nil || state != want {
		t.Errorf("a relative SPOTSYNC_DATA_DIR gives %s, %v, want %s", state, err, want)
	}
}
