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
	"time"
)

const (
	maxCover   = 256 << 10 // bytes of base64 text
	maxPixels  = 6000      // of a cover's side
	coverLives = 12 * time.Hour
)

// getImages answers GET /playlists/{id}/images.
func (c *call) getImages() (answer, error) {
	p, err := c.readable(c.r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.imagesOf(p, p.State.read(c.now))), nil
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

// imagesOf are the covers of a playlist: the one uploaded, else none without tracks, one album's from fewer than four
// albums, and a mosaic in three sizes from more.
func (c *call) imagesOf(p *playlist, st playlistState) []any {
	picture := func(name string, size any) any {
		bucket := c.now.Unix() / int64(coverLives/time.Second)
		return object{"url": fmt.Sprintf("%s/image/%s-%x", c.origin(), name, bucket), "height": size, "width": size}
	}
	if st.Cover != nil {
		sum := sha256.Sum256(st.Cover)
		return []any{picture(fmt.Sprintf("cover-%s-%x", p.ID, sum[:6]), nil)}
	}
	var albums []string
	seen := map[string]bool{}
	for _, r := range st.Rows {
		if _, kind, id := splitURI(string(r.URI)); kind == "track" && !seen[c.s.song(id).AlbumID] {
			albums = append(albums, c.s.song(id).AlbumID)
			seen[albums[len(albums)-1]] = true
		}
		if len(albums) == 4 {
			name := "mosaic-" + p.ID
			return []any{picture(name, 640), picture(name, 300), picture(name, 60)}
		}
	}
	if len(albums) == 0 {
		return []any{}
	}
	return []any{picture("album-"+albums[0], 640)}
}

// albumImages are the covers of an album or show: plain colours.
func (c *call) albumImages(id string) []any {
	out := []any{}
	for _, size := range []int{640, 300, 64} {
		out = append(out, object{"url": c.origin() + "/image/album-" + id, "height": size, "width": size})
	}
	return out
}

// serveImage answers GET /image/{name}, which needs no token and is no part of the Web API. A playlist's addresses
// expire within a day.
func (s *Server) serveImage(w http.ResponseWriter, r *http.Request) {
	part := strings.Split(r.PathValue("name"), "-")
	s.mu.Lock()
	var cover []byte
	bucket := s.now().Unix() / int64(coverLives/time.Second)
	if p := s.world.Playlists[part[min(1, len(part)-1)]]; p != nil && part[0] == "cover" {
		cover = p.State.Current.Cover
	}
	s.mu.Unlock()
	expired := part[len(part)-1] != fmt.Sprintf("%x", bucket) && part[len(part)-1] != fmt.Sprintf("%x", bucket-1)
	if playlists := part[0] == "cover" || part[0] == "mosaic"; playlists && expired {
		http.Error(w, "gone", http.StatusForbidden)
		return
	}
	var img image.Image
	if cover != nil {
		img, _ = jpeg.Decode(bytes.NewReader(cover)) // what can't be decoded gets a colour
	}
	if img == nil {
		sum := s.derive("colour", part[min(1, len(part)-1)])
		plain := image.NewRGBA(image.Rect(0, 0, 64, 64))
		draw.Draw(plain, plain.Bounds(), image.NewUniform(color.RGBA{sum[0], sum[1], sum[2], 255}), image.Point{}, draw.Src)
		img = plain
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_ = jpeg.Encode(w, img, &jpeg.Options{Quality: 85}) // the client may be gone
}
