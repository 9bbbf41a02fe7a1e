package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"net/http"
	"strings"
)

const (
	maxCover  = 256 << 10 // bytes of base64 text
	maxPixels = 6000      // of a cover's side
)

// getImages answers GET /playlists/{id}/images.
func (c *call) getImages() (answer, error) {
	p, err := c.readable(c.r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.imagesOf(p, p.State.read(c.now), true)), nil
}

// putImage answers PUT /playlists/{id}/images. What is read later was coded anew, so it has other bytes.
func (c *call) putImage() (answer, error) {
	p, err := c.writable(c.r.PathValue("id"), true)
	if err != nil {
		return answer{}, err
	}
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "image/jpeg" {
		return answer{}, refuse(http.StatusBadRequest, "Invalid content type: image/jpeg expected")
	}
	if len(c.body) > maxCover {
		return answer{}, refuse(http.StatusRequestEntityTooLarge, "Request entity too large")
	}
	if bytes.ContainsAny(c.body, "\r\n") {
		return answer{}, refuse(http.StatusBadRequest, "Invalid base64 image data")
	}
	raw, err := base64.StdEncoding.DecodeString(string(c.body))
	if err != nil || len(raw) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "Invalid base64 image data")
	}
	if conf, err := jpeg.DecodeConfig(bytes.NewReader(raw)); err != nil || conf.Width > maxPixels || conf.Height > maxPixels {
		return answer{}, refuse(http.StatusBadRequest, "Invalid image data: JPEG expected")
	}
	c.write(p, func(st *playlistState) { st.Cover = raw })
	return answer{status: http.StatusAccepted}, nil
}

// How addresses of pictures begin: 16 characters that tell the kind and size, before 24 that tell the picture.
const (
	customInList = "ab67706c0000da84" // an uploaded cover, in lists of playlists
	customAlone  = "ab67706c0000bebb" // the same one, asked for by itself
	albumPicture = "ab67616d00001e02"
)

// imagesOf are the covers of a playlist: the one uploaded, else none without tracks, one album's from fewer than four
// albums, and a mosaic in three sizes from more. Their addresses last: of three uploaded covers each had the same one in
// October 2024 and in March 2026.
func (c *call) imagesOf(p *playlist, st playlistState, alone bool) []any {
	picture := func(name string, size any) any {
		return object{"url": c.origin() + "/image/" + name, "height": size, "width": size}
	}
	if st.Cover != nil {
		kind := customInList
		if alone {
			kind = customAlone
		}
		return []any{picture(kind+coverID(p.ID, st.Cover), nil)}
	}
	var albums []string
	seen := map[string]bool{}
	for _, r := range st.Rows {
		if _, kind, id := splitURI(string(r.URI)); kind == "track" && !seen[c.s.song(id).AlbumID] {
			album := c.s.song(id).AlbumID
			seen[album] = true
			albums = append(albums, albumPicture+pictureID("album", album))
		}
		if len(albums) == 4 {
			var all []any
			for _, size := range []int{640, 300, 60} {
				all = append(all, picture(fmt.Sprintf("mosaic/%d/%s", size, strings.Join(albums, "")), size))
			}
			return all
		}
	}
	if len(albums) == 0 {
		return []any{}
	}
	return []any{picture(albums[0], nil)}
}

// coverID tells an uploaded cover from every other.
func coverID(playlist string, cover []byte) string {
	sum := sha256.Sum256(cover)
	return pictureID("cover", playlist, string(sum[:]))
}

func pictureID(words ...string) string {
	sum := deriveFrom(0, words...)
	return fmt.Sprintf("%x", sum[:12])
}

// albumImages are the covers of an album or show: plain colours.
func (c *call) albumImages(id string) []any {
	out := []any{}
	for _, size := range []int{640, 300, 64} {
		out = append(out, object{"url": c.origin() + "/image/album-" + id, "height": size, "width": size})
	}
	return out
}

// serveImage answers GET /image/{name}, which needs no token and is no part of the Web API.
func (s *Server) serveImage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	var cover []byte
	for _, p := range s.world.Playlists {
		if c := p.State.Current.Cover; c != nil && strings.HasSuffix(name, coverID(p.ID, c)) {
			cover = c
		}
	}
	s.mu.Unlock()
	var img image.Image
	if cover != nil {
		img, _ = jpeg.Decode(bytes.NewReader(cover)) // what can't be decoded gets a colour
	}
	if img == nil {
		sum := s.derive("colour", name)
		plain := image.NewRGBA(image.Rect(0, 0, 64, 64))
		draw.Draw(plain, plain.Bounds(), image.NewUniform(color.RGBA{sum[0], sum[1], sum[2], 255}), image.Point{}, draw.Src)
		img = plain
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_ = jpeg.Encode(w, img, &jpeg.Options{Quality: 85}) // the client may be gone
}
