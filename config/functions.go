package config

import (
	"time"

	"github.com/zclconf/go-cty/cty/function"
)

// functions are what expressions can call.
func functions(files FileAccess, now time.Time) map[string]function.Function {
	return map[string]function.Function{}
}
