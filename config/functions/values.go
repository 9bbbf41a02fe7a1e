package functions

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// This file: functions of Terraform's on strings and encodings that go-cty doesn't bring.

var replaceFunc = function.New(&function.Spec{
	Description: "replaces every occurrence of a text, or of what /a pattern/ matches",
	Params: []function.Parameter{
		{Name: "string", Type: cty.String},
		{Name: "substring", Type: cty.String},
		{Name: "replacement", Type: cty.String},
	},
	Type: function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		sub := args[1].AsString()
		if len(sub) > 1 && sub[0] == '/' && sub[len(sub)-1] == '/' {
			return stdlib.RegexReplace(args[0], cty.StringVal(sub[1:len(sub)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

// stringTest makes a function of a string and what is looked for in it.
func stringTest(name string, test func(s, sub string) bool) function.Function {
	return function.New(&function.Spec{
		Description: "reports whether the string has this " + name,
		Params:      []function.Parameter{{Name: "string", Type: cty.String}, {Name: name, Type: cty.String}},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// stringFunc makes a function from string to string.
func stringFunc(description string, f func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Description: description,
		Params:      []function.Parameter{{Name: "string", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := f(args[0].AsString())
			if err != nil {
				return cty.NilVal, err
			}
			return cty.StringVal(s), nil
		},
	})
}

var (
	base64encodeFunc = stringFunc("the text's UTF-8 bytes in Base64", func(s string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(s)), nil
	})
	base64decodeFunc = stringFunc("the text that Base64 stands for", func(s string) (string, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "", function.NewArgErrorf(0, "not Base64: %w", err)
		}
		if !utf8.Valid(b) {
			return "", function.NewArgErrorf(0, "the bytes are not UTF-8 text")
		}
		return string(b), nil
	})
	urlencodeFunc = stringFunc("the text as part of a URL's query", func(s string) (string, error) {
		return url.QueryEscape(s), nil
	})
	sha256Func = stringFunc("the SHA-256 of the text's UTF-8 bytes, in hexadecimal", func(s string) (string, error) {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	})
	md5Func = stringFunc("the MD5 of the text's UTF-8 bytes, in hexadecimal", func(s string) (string, error) {
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	})
)
