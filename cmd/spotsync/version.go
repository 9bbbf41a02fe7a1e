package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

// release is the version of this build; a release build sets it with -ldflags "-X main.release=0.1.0".
var release string

// revision is the commit of a build that has no .git to read it from; set in the same way as release.
var revision string

// next is the version being worked on: that of a build without another.
const next = "0.1.0-dev"

var releaseForm = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// version is the version of this program: as its release build says, else as "go install …@v1.2.3" noted, else the next.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && releaseForm.MatchString(info.Main.Version) {
		return info.Main.Version[1:]
	}
	return next
}

// buildVersion is the document of version --json.
type buildVersion struct {
	FormatVersion string `json:"format_version"`
	Version       string `json:"version"`
	Go            string `json:"go"`
	OS            string `json:"os"`
	Arch          string `json:"arch"`
	Commit        string `json:"commit,omitempty"`
	Modified      bool   `json:"modified,omitempty"` // built from files that differ from the commit
}

func readVersion() buildVersion {
	v := buildVersion{FormatVersion: "1.0", Version: version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Commit: revision}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.modified":
				v.Modified = s.Value == "true"
			}
		}
	}
	return v
}

func newVersion(a *term.App) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show which spotsync this is",
		Long:  "version shows this program's version and what it was built with and from.",
		Args:  atMost(0, "no arguments"),
		RunE:  func(*cobra.Command, []string) error { return showVersion(a, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func showVersion(a *term.App, asJSON bool) error {
	v := readVersion()
	if asJSON {
		enc := json.NewEncoder(a.Out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	commit := ""
	if v.Commit != "" {
		commit = "\ncommit " + v.Commit
		if v.Modified {
			commit += ", modified"
		}
	}
	_, err := fmt.Fprintf(a.Out, "spotsync %s\n%s %s/%s%s\n", v.Version, v.Go, v.OS, v.Arch, commit)
	return err
}
