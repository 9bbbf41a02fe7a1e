package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// route is one line of the table: what is asked for, the scopes it takes, and who answers.
type route struct {
	method, path string
	scopes       []string
	do           func(*call) (answer, error)
}

// apiRoutes are the routes of the Web API that development mode has and playlists need.
func apiRoutes() []route {
	const (
		readPrivate  = "playlist-read-private"
		readLibrary  = "user-library-read"
		readPosition = "user-read-playback-position"
	)
	return []route{
		{"GET", "/me", nil, (*call).me},
		{"GET", "/me/playlists", nil, (*call).myPlaylists},
		{"POST", "/me/playlists", nil, (*call).createPlaylist},
		{"GET", "/playlists/{id}", nil, (*call).getPlaylist},
		{"PUT", "/playlists/{id}", nil, (*call).changeDetails},
		{"GET", "/playlists/{id}/items", []string{readPrivate}, (*call).getItems},
		{"POST", "/playlists/{id}/items", nil, (*call).addItems},
		{"PUT", "/playlists/{id}/items", nil, (*call).updateItems},
		{"DELETE", "/playlists/{id}/items", nil, (*call).removeItems},
		{"GET", "/playlists/{id}/images", nil, (*call).getImages},
		{"PUT", "/playlists/{id}/images", []string{"ugc-image-upload"}, (*call).putImage},

		{"PUT", "/me/library", nil, (*call).saveLibrary},
		{"DELETE", "/me/library", nil, (*call).removeLibrary},
		{"GET", "/me/library/contains", nil, (*call).libraryContains},
		{"GET", "/me/tracks", []string{readLibrary}, (*call).savedTracks},
		{"GET", "/me/albums", []string{readLibrary}, (*call).savedAlbums},
		{"GET", "/me/episodes", []string{readLibrary, readPosition}, (*call).savedEpisodes},
		{"GET", "/me/shows", []string{readLibrary}, (*call).savedShows},
		{"GET", "/me/top/{type}", []string{"user-top-read"}, (*call).top},
		{"GET", "/me/player/recently-played", []string{"user-read-recently-played"}, (*call).recentlyPlayed},

		{"GET", "/tracks/{id}", nil, (*call).getTrack},
		{"GET", "/albums/{id}", nil, (*call).getAlbum},
		{"GET", "/albums/{id}/tracks", nil, (*call).albumTracks},
		{"GET", "/artists/{id}", nil, (*call).getArtist},
		{"GET", "/artists/{id}/albums", nil, (*call).artistAlbums},
		{"GET", "/shows/{id}", []string{readPosition}, (*call).getShow},
		{"GET", "/shows/{id}/episodes", []string{readPosition}, (*call).showEpisodes},
		{"GET", "/episodes/{id}", []string{readPosition}, (*call).getEpisode},
		{"GET", "/search", nil, (*call).search},
	}
}

// removedRoutes are those development mode lost in November 2024 and February 2026.
func removedRoutes() []string {
	list := []string{
		"POST /users/{id}/playlists", "GET /users/{id}/playlists", "GET /users/{id}",
		"GET /playlists/{id}/tracks", "POST /playlists/{id}/tracks", "PUT /playlists/{id}/tracks", "DELETE /playlists/{id}/tracks",
		"PUT /playlists/{id}/followers", "DELETE /playlists/{id}/followers", "GET /playlists/{id}/followers/contains",
		"PUT /me/following", "DELETE /me/following", "GET /me/following/contains",
		"GET /artists/{id}/top-tracks", "GET /artists/{id}/related-artists", "GET /markets", "GET /browse/new-releases",
		"GET /browse/featured-playlists", "GET /browse/categories", "GET /browse/categories/{id}",
		"GET /browse/categories/{id}/playlists", "GET /audio-features/{id}", "GET /audio-features", "GET /audio-analysis/{id}",
	}
	for _, k := range []string{"tracks", "albums", "episodes", "shows", "audiobooks"} {
		list = append(list, "PUT /me/"+k, "DELETE /me/"+k, "GET /me/"+k+"/contains", "GET /"+k)
	}
	return append(list, "GET /artists", "GET /chapters")
}

// API serves the Web API: paths start with /v1, covers are under /image.
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range apiRoutes() {
		mux.HandleFunc(rt.method+" /v1"+rt.path, s.serve(rt))
	}
	for _, name := range removedRoutes() {
		method, path, _ := strings.Cut(name, " ")
		rt := route{method, path, nil, func(*call) (answer, error) { return answer{}, refuse(http.StatusForbidden, "Forbidden") }}
		mux.HandleFunc(method+" /v1"+path, s.serve(rt))
	}
	mux.HandleFunc("/v1/", s.serve(route{do: func(*call) (answer, error) {
		return answer{}, refuse(http.StatusNotFound, "Service not found")
	}}))
	mux.HandleFunc("GET /image/{name...}", s.serveImage)
	return mux
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/v1/") }

// call is one request being answered, with the server locked.
type call struct {
	s    *Server
	r    *http.Request
	now  time.Time
	q    url.Values
	body []byte
	user *user   // who the token speaks for
	at   *access // the token
	log  *Request
}

// answer is what is sent back.
type answer struct {
	status int
	header http.Header
	body   []byte
	drop   bool // lose the connection instead
	cut    bool // stop in the middle of the body
}

const (
	maxBody = 4 << 20 // bytes of a request's body read
	maxLog  = 50_000  // requests remembered
)

// serve makes a handler of a route of the Web API.
func (s *Server) serve(rt route) http.HandlerFunc {
	return s.through(rt.path, func(c *call) answer {
		a, err := c.permitted(rt)
		if err != nil {
			return errorAnswer(err)
		}
		return a
	})
}

// through is what every request to either service goes through: the log, the faults, and the answer under the lock.
func (s *Server) through(name string, do func(*call) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		c := &call{s: s, r: r, q: r.URL.Query(), body: body}
		s.mu.Lock()
		c.log = &Request{Method: r.Method, Path: r.URL.Path, Route: name, Query: c.q, Body: body, Time: s.now()}
		if !isAPI(r.URL.Path) && len(body) > 0 {
			c.log.Body = redactForm(body)
		}
		s.log = append(s.log[max(0, len(s.log)+1-maxLog):], c.log)
		busy := s.startWrite(r)
		fault := s.takeFault(r.Method, name)
		s.mu.Unlock()

		perform := func() answer {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				return errorAnswer(refuse(http.StatusRequestEntityTooLarge, "Payload too large"))
			} else if err != nil {
				return errorAnswer(refuse(http.StatusBadRequest, "Error reading the request"))
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if busy && s.quirks.ParallelWritesAre500 {
				return errorAnswer(refuse(http.StatusInternalServerError, "Server error."))
			}
			c.now = s.now().UTC()
			return do(c)
		}
		var a answer
		switch {
		case fault == nil:
			a = perform()
		case fault.After:
			a = perform()
			fault.happen(r.Context())
			a = fault.answer(a, !isAPI(r.URL.Path))
		default:
			fault.happen(r.Context())
			if fault.takesEffect() {
				a = perform()
			}
			a = fault.answer(a, !isAPI(r.URL.Path))
		}
		s.mu.Lock()
		if !a.drop {
			c.log.Status = orDefault(a.status, http.StatusOK)
		}
		s.endWrite(r)
		s.mu.Unlock()
		a.send(w)
	}
}

// startWrite notes a write to a playlist and reports whether another is under way.
func (s *Server) startWrite(r *http.Request) (busy bool) {
	id := r.PathValue("id")
	if id == "" || r.Method == http.MethodGet || !isAPI(r.URL.Path) {
		return false
	}
	s.writes[id]++
	return s.writes[id] > 1
}

// endWrite forgets what startWrite noted.
func (s *Server) endWrite(r *http.Request) {
	if id := r.PathValue("id"); id != "" && r.Method != http.MethodGet && isAPI(r.URL.Path) {
		if s.writes[id]--; s.writes[id] <= 0 {
			delete(s.writes, id)
		}
	}
}

// permitted answers if the token may ask.
func (c *call) permitted(rt route) (answer, error) {
	if err := c.authenticate(); err != nil {
		return answer{}, err
	}
	if err := c.s.limit.take(c.at.ClientID, c.now); err != nil {
		return answer{}, err
	}
	if err := c.s.takeQuota(rt, c.at.ClientID, c.now); err != nil {
		return answer{}, err
	}
	client, q := c.s.world.Clients[c.at.ClientID], c.s.quirks
	owner := c.s.world.Users[client.Owner]
	if q.PlainTextPremium403 || owner != nil && !owner.Premium {
		return answer{}, &refusal{status: http.StatusForbidden, plain: true,
			message: "Active premium subscription required for the owner of the app."}
	}
	if q.NotRegistered403 || !client.mayServe(c.user.ID) {
		return answer{}, refuse(http.StatusForbidden, "User not registered in the Developer Dashboard")
	}
	if err := c.needs(rt.scopes...); err != nil {
		if c.s.quirks.CoverScopeIs401 && rt.method == http.MethodPut && strings.HasSuffix(rt.path, "/images") {
			return answer{}, unauthorized("Unauthorized.")
		}
		return answer{}, err
	}
	if id := c.r.PathValue("id"); rt.path != "" && id != "" && !isID(id) && !strings.HasPrefix(rt.path, "/users/") {
		return answer{}, refuse(http.StatusBadRequest, "Invalid base62 id")
	}
	return rt.do(c)
}

// authenticate finds out who asks.
func (c *call) authenticate() error {
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return unauthorized("No token provided")
	}
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refuse(http.StatusBadRequest, "Only valid bearer authentication supported")
	}
	at := c.s.world.Access[token]
	if at == nil || c.s.world.Clients[at.ClientID] == nil || c.s.world.Users[at.User] == nil {
		return unauthorized("Invalid access token")
	}
	if !c.now.Before(at.Expires) {
		return unauthorized("The access token expired")
	}
	c.at, c.user, c.log.User = at, c.s.world.Users[at.User], at.User
	return nil
}

func unauthorized(message string) error {
	return &refusal{status: http.StatusUnauthorized, message: message, header: http.Header{
		"Www-Authenticate": {`Bearer realm="spotify", error="invalid_token", error_description="` + message + `"`}}}
}

// needs refuses unless every scope was granted.
func (c *call) needs(scopes ...string) error {
	for _, sc := range scopes {
		if !c.has(sc) {
			return refuse(http.StatusForbidden, "Insufficient client scope")
		}
	}
	return nil
}

func (c *call) has(scope string) bool {
	for _, sc := range c.at.Scopes {
		if sc == scope {
			return true
		}
	}
	return false
}

// number is a whole number of the query between least and most.
func (c *call) number(name string, otherwise, least, most int) (int, error) {
	if !c.q.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.Atoi(c.q.Get(name))
	if err != nil || n < least || n > most {
		return 0, refuse(http.StatusBadRequest, "Invalid %s", name)
	}
	return n, nil
}

// page is the window of a list a request asks for.
func (c *call) page(limit, most int) (window, error) {
	limit, err := c.number("limit", limit, 1, most)
	if err != nil {
		return window{}, err
	}
	offset, err := c.number("offset", 0, 0, 100_000)
	return window{limit, offset}, err
}

type window struct{ limit, offset int }

// within refuses a page that begins where a list of n ends.
func (q Quirks) within(w window, n int) error {
	if q.OffsetAtEndIs5xx && n > 0 && w.offset == n {
		return refuse(http.StatusInternalServerError, "Server error.")
	}
	return nil
}

// of is the window's part of a list of n.
func (w window) of(n int) (from, to int) { return min(w.offset, n), min(w.offset+w.limit, n) }

// paging is Spotify's paging object around one page's members.
func (c *call) paging(path string, w window, total int, members []any) object {
	link := func(offset int) any {
		q := url.Values{}
		for k, v := range c.q {
			q[k] = v
		}
		q.Set("offset", strconv.Itoa(offset))
		q.Set("limit", strconv.Itoa(w.limit))
		return c.base() + path + "?" + q.Encode()
	}
	if members == nil {
		members = []any{}
	}
	p := object{"href": link(w.offset), "limit": w.limit, "offset": w.offset, "total": total,
		"next": nil, "previous": nil, "items": members}
	if w.offset+w.limit < total {
		p["next"] = link(w.offset + w.limit)
	}
	if w.offset > 0 {
		p["previous"] = link(max(0, w.offset-w.limit))
	}
	return p
}

// base is the address this server was asked at.
func (c *call) base() string { return c.origin() + "/v1" }

func (c *call) origin() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// decode reads the body as one JSON object; unknown members are ignored, wrong types are not.
func (c *call) decode(into any) error {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	if err := dec.Decode(into); err != nil {
		return refuse(http.StatusBadRequest, "Error parsing JSON.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "Error parsing JSON.")
	}
	return nil
}

// object is a JSON object; its members are written in alphabetical order.
type object map[string]any

func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

func jsonAnswer(status int, v any) answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // only for values no route makes
		return answer{status: http.StatusInternalServerError}
	}
	return answer{status: status, header: jsonHeader(), body: b.Bytes()}
}

func errorAnswer(err error) answer {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, message: err.Error()}
	}
	a := jsonAnswer(r.status, object{"error": object{"status": r.status, "message": r.message}})
	if r.plain {
		a = answer{status: r.status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(r.message)}
	}
	if r.reason != "" {
		a = jsonAnswer(r.status, object{"error": object{"status": r.status, "message": r.message, "reason": r.reason}})
	}
	for k, v := range r.header {
		a.header[k] = v
	}
	return a
}

// send writes the answer, or as much of it as is to arrive.
func (a answer) send(w http.ResponseWriter) {
	if a.drop {
		panic(http.ErrAbortHandler) // how net/http is told to lose the connection
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	body := a.body
	if a.cut {
		w.Header().Set("Content-Length", strconv.Itoa(max(len(body), 2)))
		body = body[:len(body)/2]
	} else if len(body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(orDefault(a.status, http.StatusOK))
	_, _ = w.Write(body) // the client may be gone
}
