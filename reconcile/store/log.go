package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// logFile is a file that only grows: a line is the CRC-32C of a JSON record in hexadecimal, a space and the record. The first
// record says what the file is. A last line that is not whole was never acknowledged and is ignored; a damaged one before it
// is an error. Processes take turns by a lock that the owner of the log holds; goroutines may share it.
type logFile struct {
	fsys FS
	path string
	kind string
	todo string // how to go on without it

	// compact returns the records that still say something, when that is known; nil keeps all.
	compact func([]json.RawMessage) ([]json.RawMessage, error)

	mu sync.Mutex
}

type logHeader struct {
	File    string `json:"file"`
	Version int    `json:"version"`
}

// compactEvery is after how many records a log is looked at for old ones.
const compactEvery = 64

func (l *logFile) corrupt(line int, err error) error {
	return &CorruptError{Path: l.path, Line: line, Err: err, Todo: l.todo}
}

// read returns the records and whether the file is fit to be appended to as it is. A missing file has no records and isn't.
func (l *logFile) read() (records []json.RawMessage, fit bool, err error) {
	data, err := l.fsys.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return l.parse(data)
}

func (l *logFile) parse(data []byte) (records []json.RawMessage, fit bool, err error) {
	fit = bytes.HasSuffix(data, []byte("\n"))
	header := false
	bad := 0 // the line that could not be read, and is the last if all is well
	n := 0
	for line := range bytes.Lines(data) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if bad > 0 {
			return nil, false, l.corrupt(bad, errors.New("it was damaged (the checksum does not match)"))
		}
		record, ok := parseLine(line)
		switch {
		case !ok:
			bad, fit = n, false
		case header:
			records = append(records, record)
		default:
			var h logHeader
			if err := json.Unmarshal(record, &h); err != nil || h.File != l.kind || h.Version < 1 {
				return nil, false, l.corrupt(n, fmt.Errorf("this is not the beginning of a %s of spotsync's", l.kind))
			}
			if h.Version > formatVersion {
				return nil, false, &VersionError{Path: l.path, Found: h.Version}
			}
			header = true
		}
	}
	return records, fit && header, nil
}

func parseLine(line []byte) (json.RawMessage, bool) {
	sum, record, ok := bytes.Cut(line, []byte(" "))
	if !ok || string(sum) != checksum(record) || !json.Valid(record) {
		return nil, false
	}
	return json.RawMessage(record), true
}

func formatLine(v any) ([]byte, error) {
	record, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s %s\n", checksum(record), record), nil
}

// append adds a record and returns once it is on the disk. A file that can't be read whole is not added to.
func (l *logFile) append(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	records, fit, err := l.read()
	if err != nil {
		return err
	}
	if fit && l.compact != nil && len(records)%compactEvery == compactEvery-1 {
		kept, err := l.compact(records)
		if err != nil {
			return err
		}
		if len(kept) <= len(records)/2 {
			records, fit = kept, false
		}
	}
	line, err := formatLine(v)
	if err != nil {
		return err
	}
	if fit {
		return l.fsys.Append(l.path, line)
	}
	var whole bytes.Buffer
	header, err := formatLine(logHeader{File: l.kind, Version: formatVersion})
	if err != nil {
		return err
	}
	whole.Write(header)
	for _, r := range records {
		old, err := formatLine(r)
		if err != nil {
			return err
		}
		whole.Write(old)
	}
	if err := l.fsys.WriteFile(l.path, whole.Bytes(), 0o600); err != nil {
		return err
	}
	return l.fsys.Append(l.path, line)
}
