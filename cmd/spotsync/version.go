package main

import "runtime/debug"

// release is the version of this build; a release build sets it with -ldflags.
var release = "0.1.0-dev"

// version is the version of this program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && release == "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return release
}
