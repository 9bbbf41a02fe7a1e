package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/scan"
	"github.com/spotsync/spotsync/config/textfile"
)

// The names that mean something to spotsync.
const (
	lockName   = "spotsync.lock.hcl"
	lockSuffix = ".lock.hcl"
	varsName   = "spotsync.vars.hcl"
	varsSuffix = ".vars.hcl"
	autoSuffix = ".auto.vars.hcl"
	suffix     = ".hcl"
)

const (
	MaxFileBytes = 32 << 20  // of one configuration or variables file: a thousand playlists of 300 songs with their names are 25 MB
	maxAllBytes  = 256 << 20 // of all files of a folder
	maxFiles     = 20_000    // of one folder; a user has up to 11,000 playlists, and import writes one file each
)

// ErrNoFiles says that a folder holds no configuration. [Load]'s diagnostics carry it: see [IsNoFiles].
var ErrNoFiles = errors.New("no .hcl file")

// IsNoFiles reports whether diags say that there is no configuration at all.
func IsNoFiles(diags hcl.Diagnostics) bool {
	for _, d := range diags {
		if err, ok := d.Extra.(error); ok && errors.Is(err, ErrNoFiles) {
			return true
		}
	}
	return false
}

// NamedFile is a file of variables' values.
type NamedFile struct {
	Name  string // as shown to people
	Bytes []byte
	After int // how many --var flags stood before it on the command line; for --var-file only
}

// LoadOptions say which configuration is meant.
type LoadOptions struct {
	Path     string   // a folder or one .hcl file; empty is "."
	Root     string   // --root: the folder files may be read from; empty is the configuration folder
	LockFile string   // --lock-file; empty is the default place
	VarFiles []string // --var-file, in order
}

// Source is a configuration as found on disk, not yet looked into.
type Source struct {
	Dir      string // the configuration folder, absolute
	Root     string // the folder expressions may read files from, absolute
	LockPath string // the lock file, absolute; it need not exist
	Alone    bool   // one file of the folder was named, not the folder
	Files    diag.Files
	AutoVars []NamedFile // spotsync.vars.hcl, then *.auto.vars.hcl by name: later ones win
	VarFiles []NamedFile // --var-file, in the order given
}

// Sources are all files read, those with variables' values too: what diagnostics quote from.
func (s *Source) Sources() diag.Files {
	all := diag.Files{}
	for name, src := range s.Files {
		all[name] = src
	}
	for _, files := range [][]NamedFile{s.AutoVars, s.VarFiles} {
		for _, f := range files {
			all[f.Name] = f.Bytes
		}
	}
	return all
}

// Load reads a configuration from disk, and nothing else from it. In a folder that is every *.hcl but *.lock.hcl,
// *.vars.hcl and hidden ones. With an error among the diagnostics the source is nil.
func Load(o LoadOptions) (*Source, hcl.Diagnostics) {
	path := o.Path
	if path == "" {
		path = "."
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, hcl.Diagnostics{unreadable(path, err)}
	}
	s := &Source{Files: diag.Files{}, Alone: !info.IsDir()}
	shown := path
	if s.Alone {
		shown = filepath.Dir(path)
	}
	if s.Dir, err = filepath.Abs(shown); err != nil {
		return nil, hcl.Diagnostics{unreadable(path, err)}
	}
	var diags hcl.Diagnostics
	if s.Alone {
		diags = s.loadAlone(path)
	} else {
		diags = s.loadFolder(path)
	}
	if s.Root, err = filepath.Abs(cmp.Or(o.Root, s.Dir)); err != nil {
		diags = append(diags, unreadable(o.Root, err))
	}
	if s.LockPath, err = filepath.Abs(cmp.Or(o.LockFile, s.LockPath)); err != nil {
		diags = append(diags, unreadable(o.LockFile, err))
	}
	for _, name := range o.VarFiles {
		if src, d := readFile(name); d != nil {
			diags = append(diags, d)
		} else {
			s.VarFiles = append(s.VarFiles, NamedFile{Name: name, Bytes: src})
		}
	}
	diag.Sort(diags)
	if diags.HasErrors() {
		return nil, diags
	}
	return s, diags
}

func (s *Source) loadAlone(path string) hcl.Diagnostics {
	base := filepath.Base(path)
	switch {
	case strings.HasSuffix(base, lockSuffix), strings.HasSuffix(base, varsSuffix), !strings.HasSuffix(base, suffix):
		return hcl.Diagnostics{diag.Error(startOf(path), "Not a configuration file",
			fmt.Sprintf("%s is not configuration: that is a folder, or a file ending in .hcl but not in .lock.hcl or .vars.hcl.", path))}
	}
	if _, err := os.Lstat(filepath.Join(s.Dir, lockName)); err == nil {
		return hcl.Diagnostics{diag.Error(startOf(path), "This file belongs to a folder",
			fmt.Sprintf("%s stands beside a %s, so it is one part of that folder's configuration; alone, every playlist of the other files would seem to be gone. "+
				"Name the folder, and pick playlists: spotsync plan --target 'playlist.NAME' %s", path, lockName, filepath.Dir(path)))}
	}
	s.LockPath = filepath.Join(s.Dir, strings.TrimSuffix(base, suffix)+lockSuffix)
	src, d := readFile(path)
	if d != nil {
		return hcl.Diagnostics{d}
	}
	s.Files[path] = src
	return nil
}

func (s *Source) loadFolder(path string) hcl.Diagnostics {
	s.LockPath = filepath.Join(s.Dir, lockName)
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return hcl.Diagnostics{unreadable(path, err)}
	}
	var diags hcl.Diagnostics
	var auto []NamedFile
	total := 0
	for _, e := range entries {
		name := e.Name()
		isVars := name == varsName || strings.HasSuffix(name, autoSuffix)
		skip := strings.HasPrefix(name, ".") || !strings.HasSuffix(name, suffix) || e.IsDir() ||
			strings.HasSuffix(name, lockSuffix) || (strings.HasSuffix(name, varsSuffix) && !isVars)
		if skip {
			continue
		}
		shown := filepath.Join(path, name)
		src, d := readFile(shown)
		switch {
		case d != nil:
			diags = append(diags, d)
		case name == varsName:
			s.AutoVars = append(s.AutoVars, NamedFile{Name: shown, Bytes: src})
		case isVars:
			auto = append(auto, NamedFile{Name: shown, Bytes: src})
		default:
			s.Files[shown] = src
		}
		if total += len(src); total > maxAllBytes {
			return hcl.Diagnostics{diag.Error(startOf(path), "Too much configuration",
				fmt.Sprintf("The .hcl files of %s have more than %d MiB together. Is it the folder you meant? Long lists can be kept in text or CSV files and read with tracks_file(\"…\").", path, maxAllBytes>>20))}
		}
		if len(s.Files) > maxFiles {
			return hcl.Diagnostics{diag.Error(startOf(path), "Too many files",
				fmt.Sprintf("%s holds more than %d .hcl files. Is it the folder you meant?", path, maxFiles))}
		}
	}
	s.AutoVars = append(s.AutoVars, auto...)
	if len(s.Files) == 0 && !diags.HasErrors() {
		d := diag.Error(startOf(path), "No configuration here",
			fmt.Sprintf("There is no .hcl file in %s. Write one, or name another folder or file.", s.Dir))
		d.Extra = ErrNoFiles
		diags = append(diags, d)
	}
	return diags
}

// readFile reads a regular file of bounded size that holds UTF-8.
func readFile(path string) ([]byte, *hcl.Diagnostic) {
	info, err := os.Stat(path) // before opening: opening a named pipe would wait for a writer
	if err != nil {
		return nil, unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, diag.Error(startOf(path), "Not a regular file", fmt.Sprintf("%s is not a regular file, so it is not read.", path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if d := checkSource(path, src); d != nil {
		return nil, d
	}
	return textfile.Lines(src), nil
}

// checkSource refuses text the HCL parser could only be confused by.
func checkSource(name string, src []byte) *hcl.Diagnostic {
	if len(src) > MaxFileBytes {
		return diag.Error(startOf(name), "File too large", fmt.Sprintf("%s is larger than %d MiB. "+
			"Split it, or keep long lists in a text or CSV file and read them with tracks_file(\"…\").", name, MaxFileBytes>>20))
	}
	if len(src) >= 2 && (src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff) {
		return diag.Error(startOf(name), "Not UTF-8", fmt.Sprintf("%s is saved as UTF-16. Save it as UTF-8.", name))
	}
	pos := hcl.InitialPos
	if bytes.IndexByte(src, 0) < 0 && utf8.Valid(src) {
		return diag.TooLarge(scan.Source(src, scan.File), name)
	}
	src = textfile.Lines(src)
	zero := false
	for pos.Byte < len(src) {
		r, size := utf8.DecodeRune(src[pos.Byte:])
		if zero = r == 0; zero || r == utf8.RuneError && size == 1 {
			break
		}
		pos.Byte += size
		pos.Column++
		if r == '\n' {
			pos.Line, pos.Column = pos.Line+1, 1
		}
	}
	end := pos
	end.Byte, end.Column = end.Byte+1, end.Column+1
	at := hcl.Range{Filename: name, Start: pos, End: end}
	if zero {
		return diag.Error(at, "Not text", "There is a NUL byte here, so the file is damaged or is not saved as UTF-8. Save it as UTF-8, or get an earlier version back.")
	}
	return diag.NotUTF8(at)
}

func unreadable(path string, err error) *hcl.Diagnostic {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Error(startOf(path), "No such file or folder", fmt.Sprintf("%s does not exist.", path))
	}
	return diag.Error(startOf(path), "Cannot read", fmt.Sprintf("%s cannot be read: %s.", path, err))
}

// startOf is the range of diagnostics about a whole file.
func startOf(name string) hcl.Range {
	return hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
}
