package store

import (
	"errors"
	"path/filepath"
	"strings"
)

// UserDirs says where state, cache and configuration of this user's spotsync live. goos is runtime.GOOS.
//
// On Linux and other Unixes they follow the XDG Base Directory Specification (relative values are ignored, as it demands);
// on macOS they are Application Support and Caches; on Windows LocalAppData, and AppData for configuration.
// SPOTSYNC_DATA_DIR puts state and cache into folders of that name below it, and configuration too where there is no home.
func UserDirs(getenv func(string) string, goos string) (state, cache, config string, err error) {
	sep := "/"
	if goos == "windows" {
		sep = `\`
	}
	join := func(parts ...string) string { return strings.Join(parts, sep) }
	home := getenv("HOME")
	if len(home) > 1 {
		home = strings.TrimRight(home, "/")
	}
	switch goos {
	case "windows":
		if local := getenv("LocalAppData"); local != "" {
			state, cache = join(local, "spotsync", "state"), join(local, "spotsync", "cache")
		}
		if roaming := getenv("AppData"); roaming != "" {
			config = join(roaming, "spotsync")
		}
	case "darwin", "ios":
		if home != "" {
			state = join(home, "Library", "Application Support", "spotsync")
			cache = join(home, "Library", "Caches", "spotsync")
			config = state
		}
	default:
		xdg := func(name, below string) string {
			if dir := getenv(name); strings.HasPrefix(dir, "/") {
				return join(strings.TrimRight(dir, "/"), "spotsync")
			}
			if home == "" {
				return ""
			}
			return join(home, below, "spotsync")
		}
		state = xdg("XDG_STATE_HOME", ".local/state")
		cache = xdg("XDG_CACHE_HOME", ".cache")
		config = xdg("XDG_CONFIG_HOME", ".config")
	}
	if data := getenv("SPOTSYNC_DATA_DIR"); data != "" {
		if data, err = filepath.Abs(data); err != nil {
			return "", "", "", err
		}
		state, cache = filepath.Join(data, "state"), filepath.Join(data, "cache")
		if config == "" {
			config = filepath.Join(data, "config")
		}
	}
	if state == "" || cache == "" || config == "" {
		if goos == "windows" {
			return "", "", "", errors.New("no place to keep state: the environment has no LocalAppData or no AppData; set SPOTSYNC_DATA_DIR to a folder that may be written to")
		}
		return "", "", "", errors.New("no place to keep state: the environment has no HOME; set HOME, or SPOTSYNC_DATA_DIR to a folder that may be written to")
	}
	return state, cache, config, nil
}
