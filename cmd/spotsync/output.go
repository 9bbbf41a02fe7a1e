package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config"
)

// outputOptions are the flags of output.
type outputOptions struct {
	session.Inputs
	json bool
	raw  bool
}

func newOutput(a *term.App) *cobra.Command {
	var o outputOptions
	cmd := &cobra.Command{
		Use:   "output [flags] [NAME] [PATH]",
		Short: "Show the configuration's outputs",
		Long: `output works the output blocks out and prints them, or the one named. IDs come from the lock file; what is not known
before an apply is shown as such.

PATH is a folder or one .hcl file; the current folder if left out. A folder whose name could be an output's is written
with a dot: ./NAME.`,
		Args: atMost(2, "a name and one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, path := outputArgs(a, args, o.Inputs)
			return runOutput(cmd.Context(), a, name, path, o)
		},
	}
	registerInputs(cmd.Flags(), &o.Inputs)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON: all outputs with their types, or one value")
	cmd.Flags().BoolVar(&o.raw, "raw", false, "write the one output named as plain text, for scripts")
	return cmd
}

// outputArgs tells a name from a path: what can be a name is one, unless it is a folder and there are no outputs here.
func outputArgs(a *term.App, args []string, in session.Inputs) (name, path string) {
	switch {
	case len(args) == 2:
		return args[0], args[1]
	case len(args) == 0:
		return "", "."
	case !hclsyntax.ValidIdentifier(args[0]):
		return "", args[0]
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		if _, diags := session.ReadSource(a, ".", in); config.IsNoFiles(diags) {
			return "", args[0]
		}
	}
	return args[0], "."
}

func runOutput(ctx context.Context, a *term.App, name, path string, o outputOptions) (err error) {
	switch {
	case o.json && o.raw:
		return errors.New("--json and --raw can't both be: choose one")
	case o.raw && name == "":
		return errors.New("--raw needs the name of one output: spotsync output --raw NAME")
	}
	conf, err := session.Load(a, path, o.Inputs)
	if err != nil {
		return err
	}
	defer term.Closing(conf.Files.Close, &err)
	desired, err := session.Evaluate(ctx, a, conf, lockedIDs(a, conf), time.Now().UTC())
	if err != nil {
		return err
	}
	outputs := desired.Outputs
	if name != "" {
		value, ok := outputs[name]
		if !ok {
			return fmt.Errorf("the configuration has no output %q; %s", name, outputsThere(outputs))
		}
		return outputOne(a, name, value, o)
	}
	if o.json {
		return outputJSON(a, outputs)
	}
	if len(outputs) == 0 {
		a.Say("The configuration has no outputs. To add one: output \"songs\" { value = … }")
	}
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		if _, err := fmt.Fprintf(a.Out, "%s = %s\n", name, valueText(outputs[name])); err != nil {
			return err
		}
	}
	return nil
}

func outputsThere(outputs map[string]cty.Value) string {
	if len(outputs) == 0 {
		return "it has none at all"
	}
	return "it has " + strings.Join(slices.Sorted(maps.Keys(outputs)), ", ")
}

func outputOne(a *term.App, name string, value cty.Value, o outputOptions) error {
	if !o.json && !o.raw {
		_, err := fmt.Fprintln(a.Out, valueText(value))
		return err
	}
	if !value.IsWhollyKnown() {
		return fmt.Errorf("output %q is not known until apply: it depends on the ID of a playlist that does not exist yet", name)
	}
	if o.json {
		data, err := plainJSON(value)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Out, "%s\n", data)
		return err
	}
	text, err := convert.Convert(value, cty.String)
	if err != nil || text.IsNull() {
		return fmt.Errorf("output %q is no text, number or truth value, so it can't be written raw; use --json", name)
	}
	_, err = fmt.Fprint(a.Out, text.AsString())
	return err
}

// outputDocument is one output in JSON, in the shape of Terraform's.
type outputDocument struct {
	Sensitive bool            `json:"sensitive"` // always false: there are no secrets in a configuration
	Type      json.RawMessage `json:"type"`
	Value     json.RawMessage `json:"value"`
	Unknown   bool            `json:"unknown,omitempty"` // not known until apply; value is null
}

func outputJSON(a *term.App, outputs map[string]cty.Value) error {
	all := make(map[string]outputDocument, len(outputs))
	for name, value := range outputs {
		one := outputDocument{Type: json.RawMessage(`"dynamic"`), Value: json.RawMessage("null"), Unknown: !value.IsWhollyKnown()}
		var err error
		if one.Type, err = ctyjson.MarshalType(value.Type()); err != nil {
			return err
		}
		if !one.Unknown {
			if one.Value, err = plainJSON(value); err != nil {
				return err
			}
		}
		all[name] = one
	}
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}

// plainJSON is a known value as JSON, without the escapes that are meant for HTML.
func plainJSON(value cty.Value) ([]byte, error) {
	data, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// valueText is a value as HCL would write it, where HCL has a way to.
func valueText(value cty.Value) string {
	var b strings.Builder
	writeValue(&b, value, "")
	return b.String()
}

func writeValue(b *strings.Builder, v cty.Value, indent string) {
	v, _ = v.Unmark()
	ty := v.Type()
	switch {
	case !v.IsKnown():
		b.WriteString("(known after apply)")
	case v.IsNull():
		b.WriteString("null")
	case ty == cty.Number:
		b.WriteString(v.AsBigFloat().Text('f', -1))
	case ty == cty.Bool:
		fmt.Fprint(b, v.True())
	case ty == cty.String:
		b.Write(hclwrite.TokensForValue(v).Bytes())
	case ty.IsObjectType(), ty.IsMapType():
		writeElements(b, v, indent, "{", "}", func(key, _ cty.Value) {
			if name := key.AsString(); hclsyntax.ValidIdentifier(name) {
				b.WriteString(name)
			} else {
				b.Write(hclwrite.TokensForValue(key).Bytes())
			}
			b.WriteString(" = ")
		}, "")
	case ty.IsSetType():
		writeElements(b, v, indent, "toset([", "])", nil, ",")
	case ty.IsTupleType(), ty.IsListType():
		writeElements(b, v, indent, "[", "]", nil, ",")
	default:
		b.WriteString(ty.FriendlyName())
	}
}

// writeElements writes one element a line.
func writeElements(b *strings.Builder, v cty.Value, indent, open, end string, head func(key, elem cty.Value), separator string) {
	b.WriteString(open)
	n := 0
	for it := v.ElementIterator(); it.Next(); n++ {
		key, elem := it.Element()
		b.WriteString("\n" + indent + "  ")
		if head != nil {
			head(key, elem)
		}
		writeValue(b, elem, indent+"  ")
		b.WriteString(separator)
	}
	if n > 0 {
		b.WriteString("\n" + indent)
	}
	b.WriteString(end)
}
