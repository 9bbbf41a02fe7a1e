package spotify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// describedBase is the address the description speaks of; requests to any other host are judged as if sent there.
const describedBase = "https://api.spotify.com/v1"

// description is Spotify's published description of its Web API.
type description struct{ router routers.Router }

// readDescription reads the description once for all tests.
var readDescription = sync.OnceValues(func() (*description, error) {
	path := os.Getenv("SPOTSYNC_OPENAPI")
	if path == "" {
		path = filepath.FromSlash("../../shared/openapi/spotify-web-api.yml")
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromFile(path)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: describedBase}}
	for _, s := range doc.Components.Schemas {
		chooseByType(s.Value)
	}
	openapi3filter.RegisterBodyDecoder("image/jpeg", openapi3filter.PlainBodyDecoder)
	router, err := gorillamux.NewRouter(doc)
	return &description{router}, err
})

// chooseByType writes out what the description leaves to the reader: an item whose type is "track" is a TrackObject, and
// so on. Otherwise one wrong member of a track would be reported as all that keeps it from being an episode too.
func chooseByType(s *openapi3.Schema) {
	for _, member := range s.Properties {
		if member.Ref == "" { // what is defined elsewhere is visited there
			chooseByType(member.Value)
		}
	}
	for _, part := range s.AllOf {
		if part.Ref == "" {
			chooseByType(part.Value)
		}
	}
	if s.Items != nil && s.Items.Ref == "" {
		chooseByType(s.Items.Value)
	}
	if s.Discriminator == nil || len(s.Discriminator.Mapping) > 0 {
		return
	}
	s.Discriminator.Mapping = map[string]openapi3.MappingRef{}
	for _, one := range s.OneOf {
		kind := strings.ToLower(strings.TrimSuffix(one.Ref[strings.LastIndex(one.Ref, "/")+1:], "Object"))
		s.Discriminator.Mapping[kind] = openapi3.MappingRef{Ref: one.Ref}
	}
}

// describe returns the description, and skips the test where the file isn't there, unless this is CI.
func describe(t *testing.T) *description {
	t.Helper()
	d, err := readDescription()
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") != "true" {
		t.Skipf("the description of the Web API isn't here; set SPOTSYNC_OPENAPI to its path: %v", err)
	}
	if err != nil {
		t.Fatalf("cannot read the description of the Web API, whose path SPOTSYNC_OPENAPI sets: %v", err)
	}
	return d
}

// problem is one way in which an exchange departs from the description.
type problem struct {
	side    string // "request" or "response"
	method  string
	route   string // as the description writes it, else the path
	status  int    // of the response
	pointer string // JSON pointer into the body, indexes written as *; empty for the rest
	text    string
}

func (p problem) String() string {
	return fmt.Sprintf("%s %s: %s (%d) %s: %s", p.method, p.route, p.side, p.status, p.pointer, p.text)
}

// judge is a transport that holds every exchange against the description and reports what departs from it, and isn't a
// known exception, to the test.
type judge struct {
	t        *testing.T
	d        *description
	next     http.RoundTripper
	answers  bool // judge answers alone: the requests are wrong on purpose
	mu       sync.Mutex
	seen     map[string]int // exchanges by method and route
	reported map[string]bool
}

func newJudge(t *testing.T, d *description, next http.RoundTripper) *judge {
	return &judge{t: t, d: d, next: next, seen: map[string]int{}, reported: map[string]bool{}}
}

// RoundTrip passes the request on, and the answer back, whole.
func (j *judge) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := j.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(got))
	j.report(j.d.problems(req, sent, resp, got))
	return resp, nil
}

func (j *judge) report(route string, problems []problem) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen[route]++
	for _, p := range problems {
		if j.answers && p.side == "request" || excused(p) || j.reported[p.String()] {
			continue
		}
		j.reported[p.String()] = true
		j.t.Errorf("against the description: %v", p)
	}
}

// problems holds one exchange against the description. route is its method and described path.
func (d *description) problems(req *http.Request, sent []byte, resp *http.Response, got []byte) (route string, found []problem) {
	at := problem{method: req.Method, route: strings.TrimPrefix(req.URL.Path, "/v1"), status: resp.StatusCode}
	add := func(side, pointer, text string) {
		p := at
		p.side, p.pointer, p.text = side, pointer, text
		found = append(found, p)
	}
	asked, err := described(req, sent)
	if err != nil {
		add("request", "", err.Error())
		return at.method + " " + at.route, found
	}
	r, params, err := d.router.FindRoute(asked)
	if err != nil {
		add("request", "", "no such operation: "+err.Error())
		return at.method + " " + at.route, found
	}
	at.route = r.Path
	options := &openapi3filter.Options{
		MultiError:            true,
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc, // the sandbox judges tokens
		IncludeResponseStatus: true,
	}
	options.WithCustomSchemaErrorFunc(func(e *openapi3.SchemaError) string { return e.Reason }) // not the whole schema too
	in := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: r, Options: options}
	for _, f := range faults(openapi3filter.ValidateRequest(asked.Context(), in)) {
		add("request", f.pointer, f.text)
	}
	if r.Operation.Deprecated {
		add("request", "", "the operation is deprecated")
	}
	for _, name := range slices.Sorted(maps.Keys(req.URL.Query())) {
		if !declares(r, "query", name) {
			add("request", "", "undescribed query parameter "+name)
		}
	}
	if body := r.Operation.RequestBody; body != nil && len(sent) > 0 {
		for _, u := range undescribed(sent, schemaFor(body.Value.Content, req.Header)) {
			add("request", u, "undescribed member")
		}
	}

	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Options: options}
	out.SetBodyBytes(got)
	for _, f := range faults(openapi3filter.ValidateResponse(asked.Context(), out)) {
		if f.leftOut() && req.URL.Query().Has("fields") {
			continue // fields asks for some members alone
		}
		add("response", f.pointer, f.text)
	}
	if answer := r.Operation.Responses.Status(resp.StatusCode); answer != nil {
		if len(answer.Value.Content) == 0 && len(got) > 0 {
			add("response", "", "a body where none is described")
		}
		for _, u := range undescribed(got, schemaFor(answer.Value.Content, resp.Header)) {
			add("response", u, "undescribed member")
		}
	}
	return at.method + " " + at.route, found
}

// described is the request as it would be sent to the described base.
func described(req *http.Request, sent []byte) (*http.Request, error) {
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), "/v1")
	if !ok {
		return nil, errors.New("not a path under /v1")
	}
	u, err := url.Parse(describedBase + path)
	if err != nil {
		return nil, err
	}
	u.RawQuery = req.URL.RawQuery
	asked := req.Clone(req.Context())
	asked.URL, asked.Host, asked.RequestURI = u, u.Host, ""
	asked.Body = http.NoBody
	if len(sent) > 0 {
		asked.Body = io.NopCloser(bytes.NewReader(sent))
	}
	return asked, nil
}

func declares(r *routers.Route, in, name string) bool {
	return r.Operation.Parameters.GetByInAndName(in, name) != nil || r.PathItem.Parameters.GetByInAndName(in, name) != nil
}

// fault is one complaint of the validator.
type fault struct{ pointer, text string }

// leftOut reports whether the complaint is about a member that isn't there.
func (f fault) leftOut() bool {
	return strings.HasSuffix(f.text, " is missing") || strings.Contains(f.text, "does not contain the discriminator property")
}

// faults takes the validator's error apart.
func faults(err error) []fault {
	if err == nil {
		return nil
	}
	var many openapi3.MultiError
	if errors.As(err, &many) {
		var all []fault
		for _, e := range many {
			all = append(all, faults(e)...)
		}
		return all
	}
	if one, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		text := one.Reason
		if text == "" {
			text = one.SchemaField
		}
		if one.Value == nil {
			text += ": null"
		}
		return []fault{{pointer(one.JSONPointer()), text}}
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return []fault{{text: text}}
}

var digits = regexp.MustCompile(`^\d+$`)

// pointer joins the steps into a body, writing every index as *.
func pointer(steps []string) string {
	var b strings.Builder
	for _, s := range steps {
		if digits.MatchString(s) {
			s = "*"
		}
		b.WriteString("/" + s)
	}
	return b.String()
}

// schemaFor is the schema of a JSON body with these headers, or nil.
func schemaFor(content openapi3.Content, header http.Header) *openapi3.Schema {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if m := content.Get(kind); kind == "application/json" && m != nil && m.Schema != nil {
		return m.Schema.Value
	}
	return nil
}

// undescribed are the pointers to members of a JSON body that its schema doesn't name, each once.
func undescribed(body []byte, schema *openapi3.Schema) []string {
	var v any
	if schema == nil || json.Unmarshal(body, &v) != nil {
		return nil
	}
	found := map[string]bool{}
	walk(v, []*openapi3.Schema{schema}, nil, found)
	return slices.Sorted(maps.Keys(found))
}

// walk goes through a value beside every schema that may speak of it.
func walk(v any, schemas []*openapi3.Schema, at []string, found map[string]bool) {
	schemas = spread(schemas)
	if len(schemas) == 0 {
		return
	}
	switch v := v.(type) {
	case []any:
		var inner []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				inner = append(inner, s.Items.Value)
			}
		}
		for _, e := range v {
			walk(e, inner, append(at, "0"), found)
		}
	case map[string]any:
		for name, member := range v {
			var inner []*openapi3.Schema
			for _, s := range schemas {
				if p := s.Properties[name]; p != nil {
					inner = append(inner, p.Value)
				}
			}
			if len(inner) == 0 {
				found[pointer(append(at, name))] = true
				continue
			}
			walk(member, inner, append(at, name), found)
		}
	}
}

// spread adds the schemas these are made of.
func spread(schemas []*openapi3.Schema) []*openapi3.Schema {
	var all []*openapi3.Schema
	for _, s := range schemas {
		all = append(all, s)
		for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
			for _, p := range parts {
				all = append(all, spread([]*openapi3.Schema{p.Value})...)
			}
		}
	}
	return all
}

// The judge itself can say no: each exchange here is wrong in one way.
func TestJudge(t *testing.T) {
	d := describe(t)
	const playlist = "/v1/playlists/3cEYpjA9oz9GiPac4AsH4n"
	for _, tc := range []struct {
		name, method, path, sent string
		status                   int
		got, want                string
	}{
		{"unknown operation", "GET", "/v1/nothing", "", 200, `{}`, "no such operation"},
		{"old operation", "GET", playlist + "/tracks", "", 403, `{"error":{"status":403,"message":"Forbidden"}}`, "deprecated"},
		{"query", "GET", playlist + "/items?limt=3", "", 403, `{"error":{"status":403,"message":"Forbidden"}}`, "undescribed query parameter limt"},
		{"query's value", "GET", "/v1/search?q=a&type=track&limit=50", "", 403, `{"error":{"status":403,"message":"Forbidden"}}`, "number must be at most 10"},
		{"query left out", "PUT", "/v1/me/library", "", 200, ``, "uris"},
		{"request member's name", "PUT", playlist, `{"nam":"a"}`, 200, ``, "/nam: undescribed member"},
		{"request member's type", "PUT", playlist, `{"public":"no"}`, 200, ``, "/public: value must be a boolean"},
		{"request member left out", "DELETE", playlist + "/items", `{"tracks":[]}`, 200, `{"snapshot_id":"a"}`, `"items" is missing`},
		{"status", "GET", "/v1/me", "", 299, `{}`, "status is not supported"},
		{"no JSON", "GET", "/v1/me", "", 200, `{`, "unexpected EOF"},
		{"member left out", "GET", "/v1/me", "", 403, `{"error":{"status":403}}`, `"message" is missing`},
		{"member's type", "POST", playlist + "/items", `{"uris":[]}`, 201, `{"snapshot_id":3}`, "/snapshot_id: value must be a string"},
		{"member's name", "POST", playlist + "/items", `{"uris":[]}`, 201, `{"snapshot":"a"}`, "/snapshot: undescribed member"},
		{"body", "PUT", playlist, `{"name":"a"}`, 200, `{}`, "a body where none is described"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := httptest.NewRequest(tc.method, "http://127.0.0.1:1"+tc.path, strings.NewReader(tc.sent))
			req.Header.Set("Content-Type", "application/json")
			resp := &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {"application/json"}}}
			_, found := d.problems(req, []byte(tc.sent), resp, []byte(tc.got))
			var said []string
			for _, p := range found {
				said = append(said, p.String())
			}
			if !strings.Contains(strings.Join(said, "\n"), tc.want) {
				t.Errorf("found %q, want one that says %q", said, tc.want)
			}
		})
	}
}
