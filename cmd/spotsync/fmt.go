package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/rewrite"
	"github.com/spotsync/spotsync/reconcile/store"
)

// fmtOptions are the flags of fmt.
type fmtOptions struct {
	check     bool
	diff      bool
	write     bool
	recursive bool
}

func newFmt(a *term.App) *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [flags] [PATH... | -]",
		Short: "Lay the files out in the one canonical way",
		Long: `fmt puts spaces where they belong in all .hcl files but lock files, and names the files it changed. Nothing but the
space between words changes; a file that can't be parsed is left alone, and fmt then exits 1.

PATH is a folder or a .hcl file; the current folder if left out. With - it reads one file from standard input and
writes it to standard output.`,
		RunE: func(_ *cobra.Command, args []string) error { return runFmt(a, args, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "change nothing; exit 1 when a file is not formatted")
	f.BoolVar(&o.diff, "diff", false, "show what changes")
	f.BoolVar(&o.write, "write", true, "write the files (--write=false: only name them)")
	f.BoolVar(&o.recursive, "recursive", false, "folders inside folders too, but hidden ones")
	return cmd
}

func runFmt(a *term.App, args []string, o fmtOptions) error {
	if slices.Contains(args, "-") {
		if len(args) > 1 {
			return errors.New("fmt - reads standard input and takes no other file; format the others with a command of their own")
		}
		return fmtStdin(a, o)
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	var paths []string
	for _, arg := range args {
		found, err := formattable(arg, o.recursive)
		if err != nil {
			return err
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	changed, failed := 0, false
	for _, path := range slices.Compact(paths) {
		did, err := fmtFile(a, path, o)
		if err != nil {
			failed = true
			session.ShowError(a, err)
		}
		if did {
			changed++
		}
	}
	if o.check && changed > 0 {
		a.Say("%s not formatted; the same command without --check formats.", words.Counted(changed, "file is", "files are"))
		failed = true
	}
	if failed {
		return session.Silent(session.KindError)
	}
	return nil
}

// formattable are the files an argument of fmt means.
func formattable(arg string, recursive bool) ([]string, error) {
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file or folder %s", arg)
	case err != nil:
		return nil, err
	case info.IsDir():
	case isLockFile(arg):
		return nil, fmt.Errorf("%s is a lock file, which spotsync writes itself; fmt leaves it alone", arg)
	case !strings.HasSuffix(arg, ".hcl"):
		return nil, fmt.Errorf("%s is no .hcl file, so fmt leaves it alone", arg)
	default:
		return []string{arg}, nil
	}
	var paths []string
	err = filepath.WalkDir(arg, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == arg:
		case strings.HasPrefix(e.Name(), ".") && e.IsDir(), e.IsDir() && !recursive:
			return fs.SkipDir
		case !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(path, ".hcl") && !isLockFile(path):
			paths = append(paths, path)
		}
		return nil
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("there is no .hcl file in %s to format", arg)
	}
	return paths, err
}

func isLockFile(path string) bool { return strings.HasSuffix(path, ".lock.hcl") }

// fmtFile formats one file and reports whether it was in another form.
func fmtFile(a *term.App, path string, o fmtOptions) (changed bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is not a regular file, so it is left alone", path)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	out, diags := rewrite.Format(src, path)
	if err := session.Checked(a, diag.Files{path: src}, diags); err != nil || bytes.Equal(src, out) {
		return false, err
	}
	if o.write && !o.check {
		if err := writable(path); err != nil {
			return false, err
		}
		if err := store.WriteFile(path, out, info.Mode().Perm()); err != nil {
			return false, err
		}
	}
	if _, err := fmt.Fprintln(a.Out, path); err != nil {
		return true, err
	}
	if o.diff {
		_, err = a.Out.Write(unified(path, src, out))
	}
	return true, err
}

// writable reports a file its owner has protected: writing files whole would replace it all the same.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func fmtStdin(a *term.App, o fmtOptions) error {
	const name = "<stdin>"
	src, err := io.ReadAll(io.LimitReader(a.In, config.MaxFileBytes+1)) // one more is too many
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	out, diags := rewrite.Format(src, name)
	if err := session.Checked(a, diag.Files{name: src}, diags); err != nil {
		return err
	}
	switch {
	case o.diff && !bytes.Equal(src, out):
		_, err = a.Out.Write(unified(name, src, out))
	case !o.diff && !o.check:
		_, err = a.Out.Write(out)
	}
	if err == nil && o.check && !bytes.Equal(src, out) {
		err = session.Silent(session.KindError)
	}
	return err
}

// unified is the difference between two versions of a file, as diff -u writes it.
func unified(path string, before, after []byte) []byte {
	path = filepath.ToSlash(path)
	text := diff.Diff("old/"+path, before, "new/"+path, after)
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok { // its own first line: diff old new
		return rest
	}
	return text
}
