package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-version"
)

// satisfies reports whether a version of this program meets all the comma-separated constraints, in Terraform's notation. The
// version being worked on, 0.2.0-dev, counts as the one it becomes. A version that is none meets nothing and is not known.
func satisfies(running, constraints string) (known, met bool, err error) {
	all, err := version.NewConstraint(constraints)
	if err != nil || strings.TrimSpace(constraints) == "" {
		return false, false, fmt.Errorf("%q is not a version constraint like \">= 0.1\"", constraints)
	}
	v, err := version.NewVersion(running)
	if err != nil {
		return false, false, nil
	}
	return true, all.Check(v.Core()), nil
}
