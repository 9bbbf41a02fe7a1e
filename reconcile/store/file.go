package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"regexp"

	"github.com/spotsync/spotsync/spotify"
)

// formatVersion is the newest format of the files in state and cache that this program writes and reads.
const formatVersion = 1

// envelope is what surrounds the data of a file written whole.
type envelope struct {
	File    string          `json:"file"` // what it holds: base, contents, settling …
	Version int             `json:"version"`
	CRC32C  string          `json:"crc32c"` // of data, so that no damage is taken for contents
	Data    json.RawMessage `json:"data"`
}

// readJSON returns what the file of that kind holds, and nil when there is none. A damaged one is a *CorruptError.
func readJSON[T any](fsys FS, path, kind, todo string) (*T, error) {
	data, err := fsys.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	corrupt := func(err error) error { return &CorruptError{Path: path, Err: err, Todo: todo} }
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, corrupt(fmt.Errorf("it was cut short or damaged (%w)", err))
	}
	switch {
	case e.Version > formatVersion:
		return nil, &VersionError{Path: path, Found: e.Version}
	case e.File != kind || e.Version < 1:
		return nil, corrupt(fmt.Errorf("it is not a %s file of spotsync's", kind))
	case checksum(e.Data) != e.CRC32C:
		return nil, corrupt(errors.New("its checksum does not match"))
	}
	v := new(T)
	if err := json.Unmarshal(e.Data, v); err != nil {
		return nil, corrupt(err)
	}
	return v, nil
}

// writeJSON replaces the file, unless a newer spotsync wrote it.
func writeJSON(fsys FS, path, kind string, v any) error {
	if old, err := fsys.ReadFile(path); err == nil {
		var e struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(old, &e) == nil && e.Version > formatVersion {
			return &VersionError{Path: path, Found: e.Version}
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	out, err := json.Marshal(envelope{File: kind, Version: formatVersion, CRC32C: checksum(data), Data: data})
	if err != nil {
		return err
	}
	return fsys.WriteFile(path, append(out, '\n'), 0o600)
}

// checksum is the CRC-32C (RFC 3720, B.4) of data in hexadecimal.
func checksum(data []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(bytes.TrimSpace(data), crc32.MakeTable(crc32.Castagnoli)))
}

var plainName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// fileName makes any text the name of a file, itself where it is harmless.
func fileName(text string) string {
	if plainName.MatchString(text) {
		return text
	}
	return "x-" + shortHash(text)
}

// shortHash is the first 16 hexadecimal digits of the SHA-256 of text.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// playlistFile is the name of the file about one playlist. Two IDs may share it where case doesn't count in file names, so
// what is read is compared with the ID that was asked for.
func playlistFile(id spotify.ID) string { return fileName(string(id)) + ".json" }

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
