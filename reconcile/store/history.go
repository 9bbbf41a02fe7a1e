package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const historyTodo = "it holds playlists as they were before a run: restore it from a backup, or move the run's folder away to do without it"

// runRecord is one record of a run's file: the run itself first, then a version each.
type runRecord struct {
	Run     *Run     `json:"run,omitempty"`     // without versions
	Version *Version `json:"version,omitempty"` // without items
	File    string   `json:"file,omitempty"`    // where the version's contents are; empty when there was nothing before
}

// NewRunID makes a name for a run at that time: 20261123T144501Z-ab12.
func NewRunID(t time.Time) string {
	return t.UTC().Format("20060102T150405Z") + "-" + randomHex(2)
}

// RunLog is a run being recorded. Several goroutines may use it at once.
type RunLog struct {
	ID string

	fsys FS
	dir  string
	log  *logFile
	mu   sync.Mutex
	next int
}

func (a *Account) historyDir() string { return filepath.Join(a.dir, "history") }

func (a *Account) runLog(id string) *RunLog {
	dir := filepath.Join(a.historyDir(), id)
	return &RunLog{ID: id, fsys: a.fsys, dir: dir, next: 1,
		log: &logFile{fsys: a.fsys, path: filepath.Join(dir, "run"), kind: "run", todo: historyTodo}}
}

// BeginRun starts recording a run; nothing may be changed when it fails. A run without an ID is given one. Its versions come
// with [RunLog.SaveVersion].
func (a *Account) BeginRun(r Run) (*RunLog, error) {
	if r.ID == "" {
		r.ID = NewRunID(r.Time)
	}
	if fileName(r.ID) != r.ID {
		return nil, fmt.Errorf("%q can't be the name of a run", r.ID)
	}
	l := a.runLog(r.ID)
	if records, _, err := l.log.read(); err != nil {
		return nil, err
	} else if len(records) > 0 {
		return nil, fmt.Errorf("run %s is recorded already", r.ID)
	}
	r.Versions = nil
	if err := l.log.append(runRecord{Run: &r}); err != nil {
		return nil, fmt.Errorf("write history: %w", err)
	}
	return l, nil
}

// SaveVersion records a playlist as it was, and returns once that is on the disk: before the first write to the playlist.
func (l *RunLog) SaveVersion(v Version) error {
	l.mu.Lock()
	n := l.next
	l.next++
	l.mu.Unlock()

	record := runRecord{Version: &v}
	if v.Before != nil {
		record.File = fmt.Sprintf("%04d.json", n)
		if err := writeJSON(l.fsys, filepath.Join(l.dir, record.File), "version", v.Before); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
		head := *v.Before
		head.Items = nil
		v.Before = &head
	}
	if err := l.log.append(record); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// Runs returns every run recorded for the account, newest first. To be quick it leaves the items of Versions[].Before nil;
// [Account.Run] has them.
func (a *Account) Runs() ([]Run, error) {
	all, err := a.readRuns()
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(all))
	for i, r := range all {
		runs[i] = r.Run
	}
	return runs, nil
}

// Run returns one run with its versions whole, in the order they were saved. An unknown one matches fs.ErrNotExist.
func (a *Account) Run(id string) (*Run, error) {
	if fileName(id) != id {
		return nil, fmt.Errorf("no run %q in the history: %w", id, fs.ErrNotExist)
	}
	r, err := a.readRun(id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("no run %s in the history: %w", id, fs.ErrNotExist)
	}
	for i := range r.Versions {
		if err := a.fill(r, i); err != nil {
			return nil, err
		}
	}
	return &r.Run, nil
}

// storedRun is a run as read, with the names of the files its versions' contents are in.
type storedRun struct {
	Run
	files []string
}

func (a *Account) readRuns() ([]storedRun, error) {
	entries, err := a.fsys.ReadDir(a.historyDir())
	if err != nil {
		return nil, err
	}
	var all []storedRun
	for _, e := range entries {
		if !e.IsDir() || fileName(e.Name()) != e.Name() {
			continue
		}
		r, err := a.readRun(e.Name())
		if err != nil {
			return nil, err
		}
		if r != nil {
			all = append(all, *r)
		}
	}
	slices.SortStableFunc(all, func(x, y storedRun) int {
		return cmp.Or(y.Time.Compare(x.Time), cmp.Compare(y.ID, x.ID))
	})
	return all, nil
}

// readRun returns nil for a run that was never begun: its folder is there, its first record is not.
func (a *Account) readRun(id string) (*storedRun, error) {
	l := a.runLog(id).log
	records, _, err := l.read()
	if err != nil {
		return nil, err
	}
	var r *storedRun
	for i, raw := range records {
		var rec runRecord
		err := json.Unmarshal(raw, &rec)
		switch {
		case err == nil && i == 0 && rec.Run != nil:
			r = &storedRun{Run: *rec.Run}
			r.ID = id
		case err == nil && i > 0 && rec.Version != nil:
			r.Versions = append(r.Versions, *rec.Version)
			r.files = append(r.files, rec.File)
		default:
			return nil, l.corrupt(i+2, errors.Join(errors.New("it is nothing this spotsync knows"), err))
		}
	}
	return r, nil
}

// fill reads the contents of the i-th version.
func (a *Account) fill(r *storedRun, i int) error {
	name := r.files[i]
	if name == "" {
		return nil
	}
	path := filepath.Join(a.historyDir(), r.ID, filepath.Base(name))
	c, err := readJSON[Contents](a.fsys, path, "version", historyTodo)
	if err != nil {
		return err
	}
	if c == nil {
		return &CorruptError{Path: path, Err: errors.New("it is gone"), Todo: historyTodo}
	}
	r.Versions[i].Before = c
	return nil
}
