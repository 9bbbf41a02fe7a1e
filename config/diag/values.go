package diag

import (
	"errors"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// StringOf is the text of a known string.
func StringOf(v cty.Value) (string, bool) {
	if v == cty.NilVal {
		return "", false
	}
	v, _ = v.Unmark()
	if v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return "", false
	}
	return v.AsString(), true
}

// TypeError says why a value does not fit a type, and where in it.
func TypeError(err error) string {
	var pathErr cty.PathError
	if !errors.As(err, &pathErr) || len(pathErr.Path) == 0 {
		return err.Error()
	}
	where := ""
	for _, step := range pathErr.Path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			where += "." + s.Name
		case cty.IndexStep:
			if key, ok := StringOf(s.Key); ok {
				where += "[" + QuoteHCL(key) + "]"
			} else if s.Key.Type() == cty.Number && s.Key.IsKnown() && !s.Key.IsNull() {
				where += "[" + s.Key.AsBigFloat().Text('f', -1) + "]"
			}
		}
	}
	if where == "" {
		return pathErr.Error()
	}
	return fmt.Sprintf("at %s, %s", where, pathErr.Error())
}

// KindOf is the kind of a value, for "this is …".
func KindOf(v cty.Value) string {
	switch ty := v.Type(); {
	case ty == cty.String:
		return "a string"
	case ty == cty.Number:
		return "a number"
	case ty == cty.Bool:
		return "true or false"
	case ty.IsTupleType(), ty.IsListType():
		return "a list"
	case ty.IsSetType():
		return "a set"
	case ty.IsObjectType():
		return "an object"
	case ty.IsMapType():
		return "a map"
	}
	return "something else"
}

// QuoteHCL writes s as a quoted HCL string.
func QuoteHCL(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Count is a number with commas between thousands.
func Count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
