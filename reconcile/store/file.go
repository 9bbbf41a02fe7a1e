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
	"strconv"

	"github.com/spotsync/spotsync/spotify"
)

// formatVersion is the newest format of the logs in the state folder that this program writes and reads.
const formatVersion = 1

// fileVersion is the same for a file written whole. In version 1 all of it is JSON; in version 2 the items of a playlist
// are a text of their own, see [packItems].
func fileVersion(kind string) int {
	switch kind {
	case "base", "contents", "settling":
		return 2
	}
	return formatVersion
}

// A file written whole is one line of JSON: what it holds, the version, a checksum of the rest, data and, perhaps, rows.
// It is taken apart without a parser of JSON, which would look at each byte of rows several times.
var fileHead = regexp.MustCompile(`^\{"file":"([a-z]+)","version":([0-9]{1,9}),"crc32c":"([0-9a-f]{8})","data":`)

// rowsMark is between data, which is an object, and rows. No object of ours has a member of that name.
const rowsMark = `,"rows":"`

// head is the beginning of a file written whole.
type head struct {
	kind    string
	version int // 0: this is no file of ours
	sum     string
	rest    []byte // data and rows
}

func parseHead(file []byte) head {
	m := fileHead.FindSubmatch(file)
	if m == nil {
		var newer struct { // perhaps it looks different in a later version
			Version int `json:"version"`
		}
		if json.Unmarshal(file, &newer) != nil || newer.Version <= formatVersion {
			return head{}
		}
		return head{version: newer.Version}
	}
	h := head{kind: string(m[1]), sum: string(m[3])}
	h.version, _ = strconv.Atoi(string(m[2])) // digits, not many
	h.rest, _ = bytes.CutSuffix(bytes.TrimSpace(file[len(m[0]):]), []byte("}"))
	return h
}

// isNewer reports a file that a newer spotsync wrote.
func (h head) isNewer(path, kind string) error {
	if h.version > fileVersion(kind) {
		return &VersionError{Path: path, Found: h.version}
	}
	return nil
}

// readJSON returns what the file of that kind holds, and nil when there is none. A damaged one is a *CorruptError.
func readJSON[T any](fsys FS, path, kind, todo string) (*T, error) {
	v, _, err := readItems[T](fsys, path, kind, todo)
	return v, err
}

// readItems is readJSON for what was written with items; they are nil when nil was written, or by version 1, which has
// them in v.
func readItems[T any](fsys FS, path, kind, todo string) (v *T, items []spotify.Item, err error) {
	file, err := fsys.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	h := parseHead(file)
	if err := h.isNewer(path, kind); err != nil {
		return nil, nil, err
	}
	if v, items, err = decode[T](h, kind); err != nil {
		return nil, nil, &CorruptError{Path: path, Err: err, Todo: todo}
	}
	return v, items, nil
}

func decode[T any](h head, kind string) (v *T, items []spotify.Item, err error) {
	switch {
	case h.version < 1:
		return nil, nil, errors.New("it was cut short or damaged")
	case h.kind != kind:
		return nil, nil, fmt.Errorf("it is not a %s file of spotsync's", kind)
	case checksum(h.rest) != h.sum:
		return nil, nil, errors.New("its checksum does not match")
	}
	data, hasRows := h.rest, false
	if h.version > 1 {
		var rows []byte
		if data, rows, hasRows = bytes.Cut(h.rest, []byte(rowsMark)); hasRows {
			if items, err = unpackItems(string(bytes.TrimSuffix(rows, []byte(`"`)))); err != nil {
				return nil, nil, err
			}
		}
	}
	v = new(T)
	if err := json.Unmarshal(data, v); err != nil {
		return nil, nil, err
	}
	return v, items, nil
}

// encode is what a file of that kind holds.
func encode(kind string, v any, items []spotify.Item) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	const noSum = "00000000"
	file := fmt.Appendf(make([]byte, 0, 128+len(data)+160*len(items)), `{"file":%q,"version":%d,"crc32c":"`, kind, fileVersion(kind))
	sum := len(file)
	file = append(file, noSum+`","data":`...)
	rest := len(file)
	file = append(file, data...)
	if items != nil {
		file = append(packItems(append(file, rowsMark...), items), '"')
	}
	copy(file[sum:], checksum(file[rest:]))
	return append(file, "}\n"...), nil
}

// writeJSON replaces the file, unless a newer spotsync wrote it.
func writeJSON(fsys FS, path, kind string, v any) error { return writeItems(fsys, path, kind, v, nil) }

// writeItems is writeJSON with items, which are left out of v.
func writeItems(fsys FS, path, kind string, v any, items []spotify.Item) error {
	if old, err := fsys.ReadFile(path); err == nil {
		if err := parseHead(old).isNewer(path, kind); err != nil {
			return err
		}
	}
	file, err := encode(kind, v, items)
	if err != nil {
		return err
	}
	return fsys.WriteFile(path, file, 0o600)
}

// cacheItems is writeItems for the cache: what is there already is not written again, and the disk is not waited for.
func cacheItems(fsys FS, path, kind string, v any, items []spotify.Item) error {
	file, err := encode(kind, v, items)
	if err != nil {
		return err
	}
	if old, err := fsys.ReadFile(path); err == nil {
		if bytes.Equal(old, file) {
			return nil
		}
		if err := parseHead(old).isNewer(path, kind); err != nil {
			return err
		}
	}
	return fsys.WriteUnsynced(path, file, 0o600)
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
