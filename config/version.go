package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// version is major, minor, patch; what follows a hyphen or a plus is not compared.
type version [3]int

var versionForm = regexp.MustCompile(`^v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+].*)?$`)

// parseVersion also tells how many parts were written.
func parseVersion(text string) (version, int, bool) {
	m := versionForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return version{}, 0, false
	}
	var v version
	parts := 0
	for i := range v {
		if m[i+1] != "" {
			v[i], _ = strconv.Atoi(m[i+1])
			parts++
		}
	}
	return v, parts, true
}

func (v version) compare(w version) int {
	for i := range v {
		if v[i] != w[i] {
			if v[i] < w[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

var constraintForm = regexp.MustCompile(`^(=|!=|>=|<=|>|<|~>)?\s*(\S+)$`)

// satisfies reports whether v meets all the comma-separated constraints, in Terraform's notation.
func (v version) satisfies(constraints string) (bool, error) {
	all := true
	for part := range strings.SplitSeq(constraints, ",") {
		part = strings.TrimSpace(part)
		m := constraintForm.FindStringSubmatch(part)
		if m == nil {
			return false, fmt.Errorf("%q is not a version constraint like \">= 0.1\"", part)
		}
		want, parts, ok := parseVersion(m[2])
		if !ok {
			return false, fmt.Errorf("%q is not a version like 0.1 or 0.1.2", m[2])
		}
		c := v.compare(want)
		switch m[1] {
		case "", "=":
			ok = c == 0
		case "!=":
			ok = c != 0
		case ">=":
			ok = c >= 0
		case "<=":
			ok = c <= 0
		case ">":
			ok = c > 0
		case "<":
			ok = c < 0
		case "~>": // the last part written may grow
			limit := version{}
			last := max(parts-2, 0)
			copy(limit[:], want[:last+1])
			limit[last]++
			ok = c >= 0 && v.compare(limit) < 0
		}
		all = all && ok
	}
	return all, nil
}
