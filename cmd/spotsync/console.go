package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func newConsole(a *term.App) *cobra.Command {
	var in session.Inputs
	cmd := &cobra.Command{
		Use:   "console [flags] [PATH]",
		Short: "Try expressions out",
		Long: `console reads expressions, a line each, and prints what they come to, as if they stood in the configuration. A line that
leaves a bracket open goes on in the next one. It ends at the end of its input or with "exit".

  echo 'length(playlist.morning.tracks)' | spotsync console

PATH is a folder or one .hcl file; the current folder if left out, which need not hold a configuration. Without a
terminal it exits 1 when an expression was wrong.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runConsole(cmd.Context(), a, args, in)
		},
	}
	registerInputs(cmd.Flags(), &in)
	return cmd
}

func runConsole(ctx context.Context, a *term.App, args []string, in session.Inputs) (err error) {
	conf, err := loadAny(a, args, in)
	if err != nil {
		return err
	}
	defer term.Closing(conf.Files.Close, &err)
	inputs := conf.Inputs(lockedIDs(a, conf), time.Now().UTC())
	prompts := a.Asks
	if prompts {
		a.Say("An expression a line, such as upper(\"a\"). To end: exit, or Ctrl-D.")
	}
	lines := newLines(a.In)
	failed := false
	for {
		text, err := readExpression(ctx, a, lines, prompts)
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		word := strings.TrimSpace(text)
		if word == "exit" || word == "quit" {
			break
		}
		if word == "" || strings.HasPrefix(word, "#") && !strings.Contains(word, "\n") {
			continue
		}
		value, diags := conf.Module.EvaluateExpression(ctx, inputs, text)
		if ctx.Err() != nil {
			return term.ErrInterrupted
		}
		files := conf.Source.Sources()
		files["<console>"] = []byte(text)
		if err := session.ShowDiagnostics(a, files, consoleDiagnostics(diags)); err != nil {
			return err
		}
		if diags.HasErrors() {
			failed = true
			continue
		}
		if _, err := fmt.Fprintln(a.Out, valueText(value)); err != nil {
			return err
		}
	}
	if failed && !prompts {
		return session.Silent(session.KindError)
	}
	return nil
}

// consoleDiagnostics leaves out warnings about the configuration, which would come again with every expression.
func consoleDiagnostics(diags hcl.Diagnostics) hcl.Diagnostics {
	var kept hcl.Diagnostics
	for _, d := range diags {
		if d.Severity == hcl.DiagError || d.Subject != nil && d.Subject.Filename == "<console>" {
			kept = append(kept, d)
		}
	}
	return kept
}

// loadAny is loadConfiguration where the current folder, unless it is named, need not hold a configuration.
func loadAny(a *term.App, args []string, in session.Inputs) (*session.Configuration, error) {
	if len(args) == 0 {
		if _, diags := session.ReadSource(a, ".", in); config.IsNoFiles(diags) {
			dir, err := filepath.Abs(".")
			if err != nil {
				return nil, err
			}
			root := dir
			if a.Settings.Root != "" {
				if root, err = filepath.Abs(a.Settings.Root); err != nil {
					return nil, err
				}
			}
			source := &config.Source{Dir: dir, Root: root, LockPath: filepath.Join(dir, "spotsync.lock.hcl"), Files: diag.Files{}}
			module, _ := config.Parse(source.Files) // nothing in it, nothing wrong with it
			return session.NewConfiguration(a, source, module, in)
		}
	}
	return session.Load(a, pathArg(args), in)
}

// lockedIDs are the playlists' IDs as far as the lock file can be read. Without them an expression that needs one is
// unknown, which is no reason not to answer the others.
func lockedIDs(a *term.App, conf *session.Configuration) map[string]spotify.ID {
	ids, err := readIDs(a, conf.Source.LockPath)
	if err != nil {
		a.Note("the lock file can't be read, so no playlist's ID is known: %s", words.FromError(err))
	}
	return ids
}

func readIDs(a *term.App, lockPath string) (ids map[string]spotify.ID, err error) {
	w, err := session.OpenEnvironment(a, session.Hooks{})
	if err != nil {
		return nil, err
	}
	path := w.LockPath(lockPath)
	lock, err := lockstore.Open(w.FS, store.OpenState(w.FS, w.StateDir, w.Issuer.Name, path), path, w.Issuer.Name)
	if err != nil {
		return nil, err
	}
	ids = make(map[string]spotify.ID)
	for address, e := range lock.Current().Playlists {
		ids[address] = e.ID
	}
	return ids, nil
}

// maxExpression is how long an expression typed at the console may be, in bytes.
const maxExpression = 256 << 10

// lines reads one line after the other. They end with LF, CRLF or CR.
type lines struct {
	in   *bufio.Reader
	half bool // the last line ended with CR: an LF that follows belongs to it
}

func newLines(in io.Reader) *lines { return &lines{in: bufio.NewReader(in)} }

// next is the next line without its end; io.EOF after the last.
func (l *lines) next() (string, error) {
	var text []byte
	for {
		b, err := l.in.ReadByte()
		if err != nil {
			if len(text) > 0 && errors.Is(err, io.EOF) {
				return string(text), nil
			}
			return "", err
		}
		after := l.half
		l.half = b == '\r'
		switch {
		case b == '\n' && after:
		case b == '\n', b == '\r':
			return string(text), nil
		default:
			if text = append(text, b); len(text) > maxExpression {
				return string(text), nil // it may go on without end, and is refused anyway
			}
		}
	}
}

// readExpression reads lines until their brackets are closed, or an empty one.
func readExpression(ctx context.Context, a *term.App, in *lines, prompts bool) (string, error) {
	text, count, balance := "", 0, 0
	for {
		if prompts {
			fmt.Fprint(a.Err, map[bool]string{true: "> ", false: ": "}[text == ""])
		}
		type answer struct {
			line string
			err  error
		}
		got := make(chan answer, 1)
		go func() { // a read of a terminal can't be interrupted; the process ends soon after an interrupt
			line, err := in.next()
			got <- answer{line, err}
		}()
		var r answer
		select {
		case r = <-got:
		case <-a.Stop:
			fmt.Fprintln(a.Err)
			return "", term.ErrInterrupted
		case <-ctx.Done():
			fmt.Fprintln(a.Err)
			return "", term.ErrInterrupted
		}
		switch {
		case errors.Is(r.err, io.EOF) && text != "":
			return text, nil
		case r.err != nil:
			if prompts {
				fmt.Fprintln(a.Err)
			}
			return "", r.err
		case text == "":
			text = r.line
		default:
			text += "\n" + r.line
		}
		if len(text) > maxExpression {
			return "", fmt.Errorf("an expression at the console can have %d KiB at most; put a longer one into a local value and type its name", maxExpression>>10)
		}
		count++
		balance += strings.Count(r.line, "[") + strings.Count(r.line, "{") + strings.Count(r.line, "(") - strings.Count(r.line, "]") - strings.Count(r.line, "}") - strings.Count(r.line, ")")
		// Looking through all of it after each line would take long for a long one: there a glance at the brackets has to do.
		look := count <= 100 || balance <= 0 || count%100 == 0
		if strings.TrimSpace(r.line) == "" || look && !opened(text) {
			return text, nil
		}
	}
}

// opened reports whether an expression leaves a bracket open.
func opened(text string) bool {
	tokens, _ := hclsyntax.LexExpression([]byte(text), "", hcl.InitialPos)
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
	}
	return depth > 0
}
