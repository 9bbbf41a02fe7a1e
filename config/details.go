package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/hostport"
	"github.com/spotsync/spotsync/config/meter"
)

// Spotify's limits on text, in characters (code points).
const (
	maxName        = 100
	maxDescription = 300
)

// convert works e out as a known value of a type; a null one is left null. It reports false when there is none to be had.
func (ev *evaluation) convert(e *expression, inst *instance, want cty.Type) (cty.Value, bool) {
	w := ev.converted(e, inst, want)
	return w.v, w.ok && ev.known(e, w)
}

// converted is convert that leaves unknown values unknown.
func (ev *evaluation) converted(e *expression, inst *instance, want cty.Type) result {
	w := ev.value(e, inst)
	if !w.ok {
		return w
	}
	v, err := meter.Convert(w.v, want)
	if err != nil {
		detail := fmt.Sprintf("%q takes %s; this is %s.", e.name, diag.KindOf(cty.UnknownVal(want)), diag.KindOf(w.v))
		if !w.v.IsNull() && w.v.IsWhollyKnown() && w.v.Type() == cty.String && want == cty.Bool {
			detail = fmt.Sprintf("%q is true or false; this is %s.", e.name, functions.Describe(w.v))
		}
		ev.add(diag.Error(e.Range(), "Wrong type", detail))
		return result{v: cty.DynamicVal, soft: true}
	}
	w.v = v
	return w
}

// text works out a name or description. The result may be unknown: an ID in it is known after apply.
func (ev *evaluation) text(pl *playlist, inst *instance, attr string) cty.Value {
	e := pl.attrs[attr]
	if e == nil {
		return cty.NullVal(cty.String)
	}
	w := ev.converted(e, inst, cty.String)
	switch {
	case !w.ok:
		return cty.DynamicVal
	case !w.v.IsKnown():
		inst.playlist.Unknown = append(inst.playlist.Unknown, attr)
	case w.v.IsNull():
	case attr == "name":
		text := w.v.AsString()
		ev.checkName(e, text)
		inst.playlist.Name = &text
	default:
		text := w.v.AsString()
		ev.checkDescription(e, text)
		inst.playlist.Description = &text
	}
	return w.v
}

func (ev *evaluation) checkName(e *expression, text string) {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		ev.add(diag.Error(e.Range(), "Name is empty", "A playlist needs a name. Leave the attribute out to leave the name alone."))
	case n > maxName:
		ev.add(diag.Error(e.Range(), "Name too long", fmt.Sprintf("This name has %d characters; Spotify takes %d.", n, maxName)))
	case strings.ContainsFunc(text, unicode.IsControl):
		ev.add(diag.Error(e.Range(), "Name with a line break", "A name is one line, without line breaks, tabs and other control characters."))
	}
}

var linkForm = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S|\b[a-z0-9-]+\.(?:com|org|net|io|de|co|uk|fm|me|tv|app|dev|link|ly|be|fr|eu|info)(?:/|\b)`)

func (ev *evaluation) checkDescription(e *expression, text string) {
	n := utf8.RuneCountInString(text)
	switch {
	case strings.ContainsAny(text, "\r\n\u0085\u2028\u2029"):
		ev.add(diag.Error(e.Range(), "Description with a line break", "Spotify refuses a description of more than one line. A heredoc ends with a line break: use quotes, or trimspace(…) around it."))
	case n > maxDescription:
		ev.add(diag.Error(e.Range(), "Description too long", fmt.Sprintf("This description has %d characters; Spotify takes %d.", n, maxDescription)))
	}
	if linkForm.MatchString(text) {
		ev.add(diag.Warning(e.Range(), "Link in a description", "Spotify's API refuses descriptions with a link in them. If it refuses this one, everything else is written without it."))
	}
}

// complete fills in what no other expression can refer to.
func (ev *evaluation) complete(pl *playlist, inst *instance, accounts map[string]Account) {
	p := &inst.playlist
	p.Account, p.Mode, p.KeepDates, p.SelfHeal = "default", ModeSync, KeepAuto, HealAll
	p.Ranges = map[string]hcl.Range{}
	for name, e := range pl.attrs {
		p.Ranges[name] = e.Range()
	}
	slices.Sort(p.Unknown)
	p.Needs = ev.lacking(pl, p.Unknown)
	if ev.in.Text != nil && ev.in.Text(p.Address) {
		p.Text = ev.textOf(pl)
	}
	p.Public = ev.boolean(pl.attrs["public"], inst)
	p.Collaborative = ev.boolean(pl.attrs["collaborative"], inst)
	if p.Public != nil && *p.Public && p.Collaborative != nil && *p.Collaborative {
		ev.add(diag.Error(pl.attrs["collaborative"].Range(), "Public and collaborative", "Spotify allows a collaborative playlist only when it is not public. Set one of the two to false."))
	}
	p.Mode = Mode(ev.choice(pl.attrs["mode"], inst, string(ModeSync), string(ModeSync), string(ModeAppend)))
	p.KeepDates = KeepDates(ev.choice(pl.attrs["keep_dates"], inst, string(KeepAuto), string(KeepAuto), string(KeepAlways), string(KeepNever)))
	p.SelfHeal = SelfHeal(ev.choice(pl.attrs["self_heal"], inst, string(HealAll), string(HealAll), string(HealDetails), string(HealNothing)))
	p.WhenEmpty = WhenEmpty(ev.choice(pl.attrs["when_empty"], inst, string(EmptyRefuse), string(EmptyRefuse), string(EmptyKeep), string(EmptyClear)))
	p.Account = ev.accountName(pl.attrs["account"], inst, accounts)
	p.Lifecycle.IgnoreChanges = slices.Clone(pl.ignored)
	if b := ev.boolean(pl.lifecycle["prevent_destroy"], inst); b != nil {
		p.Lifecycle.PreventDestroy = *b
	}
	if b := ev.boolean(pl.lifecycle["drop_opaque"], inst); b != nil {
		p.Lifecycle.DropOpaque = *b
	}
	p.Lifecycle.MaxRemovals = ev.share(pl.lifecycle["max_removals"], inst)
}

// boolean is nil for what is not written, null, or wrong.
func (ev *evaluation) boolean(e *expression, inst *instance) *bool {
	if e == nil {
		return nil
	}
	v, ok := ev.convert(e, inst, cty.Bool)
	if !ok || v.IsNull() {
		return nil
	}
	b := v.True()
	return &b
}

// choice is one of the words, standard when not written.
func (ev *evaluation) choice(e *expression, inst *instance, standard string, words ...string) string {
	if e == nil {
		return standard
	}
	v, ok := ev.convert(e, inst, cty.String)
	if !ok || v.IsNull() {
		return standard
	}
	word := v.AsString()
	if !slices.Contains(words, word) {
		ev.add(diag.Error(e.Range(), "Value not allowed", fmt.Sprintf("%q is %s, not %s.%s", e.name, strings.NewReplacer(`"true"`, "true", `"false"`, "false").Replace(diag.QuotedList(words)), functions.Describe(v), diag.DidYouMean(word, words))))
		return standard
	}
	return word
}

func (ev *evaluation) accountName(e *expression, inst *instance, accounts map[string]Account) string {
	if e == nil {
		return "default"
	}
	v, ok := ev.convert(e, inst, cty.String)
	if !ok || v.IsNull() {
		return "default"
	}
	name := v.AsString()
	if _, ok := accounts[name]; !ok {
		names := slices.Sorted(maps.Keys(accounts))
		ev.add(diag.Error(e.Range(), "Unknown account", fmt.Sprintf("There is no account %s.%s", functions.Describe(v), cmp.Or(diag.DidYouMean(name, names), fmt.Sprintf(" Declare it with: account %s { … }", diag.QuoteHCL(plain(name)))))))
	}
	return name
}

// share reads max_removals: a number of items, or a part of all such as "50%".
func (ev *evaluation) share(e *expression, inst *instance) *Share {
	if e == nil {
		return nil
	}
	v, ok := ev.convert(e, inst, cty.String)
	if !ok || v.IsNull() {
		return nil
	}
	text := strings.TrimSpace(v.AsString())
	if number, percent := strings.CutSuffix(text, "%"); percent {
		if f, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && f >= 0 && f <= 100 {
			return &Share{Percent: f, IsPercent: true}
		}
	} else if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return &Share{Count: n}
	}
	ev.add(diag.Error(e.Range(), "Value not allowed", fmt.Sprintf("\"max_removals\" is a whole number of items, such as 20, or a part of all, from \"0%%\" to \"100%%\"; not %s.", functions.Describe(v))))
	return nil
}

// accountValues are the accounts, with "default" among them.
func (ev *evaluation) accountValues() map[string]Account {
	found := map[string]Account{"default": {Label: "default"}}
	for _, label := range slices.Sorted(maps.Keys(ev.accounts)) {
		a := ev.accounts[label]
		text := func(name string) (string, *expression) {
			e := a.attrs[name]
			if e == nil {
				return "", nil
			}
			v, ok := ev.convert(e, nil, cty.String)
			if !ok || v.IsNull() {
				return "", nil
			}
			return v.AsString(), e
		}
		acc := Account{Label: label, Range: a.rng}
		acc.ClientID, _ = text("client_id")
		acc.ClientSecretFile, _ = text("client_secret_file")
		var e *expression
		if acc.RedirectURI, e = text("redirect_uri"); e != nil {
			ev.checkRedirect(e, acc.RedirectURI)
		}
		if acc.CallbackListen, e = text("callback_listen"); e != nil {
			if !hostport.Valid(acc.CallbackListen, 0) {
				ev.add(diag.Error(e.Range(), "Not an address to listen on", "\"callback_listen\" is a host and a port up to 65535, such as \"127.0.0.1:8888\" or \"[::1]:8888\"."))
			}
		}
		found[label] = acc
	}
	return found
}

// checkRedirect refuses what Spotify refuses: see https://developer.spotify.com/documentation/web-api/concepts/redirect_uri.
func (ev *evaluation) checkRedirect(e *expression, text string) {
	u, err := url.Parse(text)
	wrong := func(why string) {
		ev.add(diag.Error(e.Range(), "Redirect URI not allowed", why+" Use \"http://127.0.0.1/callback\", and register the same in Spotify's dashboard."))
	}
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		wrong("This is no http or https address.")
	case strings.EqualFold(u.Hostname(), "localhost"):
		wrong("Spotify refuses the name localhost; it wants the address itself.")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		wrong("Spotify allows http only for 127.0.0.1 and [::1]; anything else needs https.")
	case strings.HasSuffix(u.Host, ":"), u.Port() != "" && !hostport.ValidPort(u.Port(), 1):
		wrong("Its port is a number from 1 to 65535, or is left out to take any free one.")
	case !hostport.ValidHost(u.Hostname()):
		wrong("Its host is neither an IP address nor a name.")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "", strings.HasSuffix(text, "#"):
		wrong("A redirect URI has no user, and no part after ? or #.")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
