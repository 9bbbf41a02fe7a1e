package render

import (
	"fmt"
	"html"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
)

// commentSize is what fits into a comment on GitHub (65,536 characters), with some air.
const commentSize = 60_000

// markdownPlan shows a plan as a comment on a pull request. Whatever comes from outside stands in a code fence longer
// than any run of backticks in it, or escaped in <code>: so it is neither markup nor a link nor a mention.
func markdownPlan(p *reconcile.Plan, o Options) string {
	var b strings.Builder
	command := NextCommand(p.Command)
	if command == "apply" {
		command = "plan"
	}
	fmt.Fprintf(&b, "### spotsync %s\n\n**%s**\n", command, conclusion(p, o.Takes))
	if len(p.Refusals) > 0 {
		b.WriteString("\n**" + refusedLine(p) + "**\n\n")
		var text []string
		for _, r := range p.Refusals {
			s := words.Prose(r.Summary + ". " + r.Detail)
			if r.Address != "" {
				s = words.Printable(r.Address) + ": " + s
			}
			text = append(text, s)
		}
		b.WriteString(fenced("text", strings.Join(text, "\n")))
	}
	omitted, known := 0, Titles(p)
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.Action.Changes() {
			continue
		}
		block := markdownChange(Describe(p, c, known, o.Full), o)
		if b.Len()+len(block) > commentSize {
			omitted++
			continue
		}
		b.WriteString(block)
	}
	if omitted > 0 {
		fmt.Fprintf(&b, "\n… and %s, which would not fit into a comment.\n", words.Counted(omitted, "playlist more", "playlists more"))
	}
	var rest []string
	for i := range p.Changes {
		c := &p.Changes[i]
		if r := remarks(p, c); !c.Action.Changes() && len(r) > 0 {
			what := string(c.Action)
			switch {
			case c.Refused:
				what = "refused"
			case c.KeyGone:
				what = "left alone"
			}
			rest = append(rest, fmt.Sprintf("%s: %s: %s", words.Printable(c.Address), what, strings.Join(r, "; ")))
		}
	}
	for _, l := range p.LockChanges {
		rest = append(rest, lockChange(l))
	}
	for _, w := range p.Warnings {
		rest = append(rest, "Warning: "+Warning(known, w))
	}
	if len(rest) > 0 {
		b.WriteString("\n" + fenced("text", strings.Join(rest, "\n")))
	}
	if !o.Summary {
		for _, s := range remedies(p) {
			b.WriteString("\n" + s + "\n")
		}
	}
	return b.String()
}

// markdownChange is one playlist: a line, and behind it the difference.
func markdownChange(d Description, o Options) string {
	head := fmt.Sprintf("<code>%s %s</code>", d.sign, html.EscapeString(d.address))
	if d.name != "" {
		head += " <code>" + html.EscapeString(words.Cut(d.name, 100)) + "</code>"
	}
	head += " " + html.EscapeString(d.brief())
	if o.Summary {
		return "\n" + head + "\n"
	}
	var lines []string
	add := func(mark, s string) {
		for l := range strings.SplitSeq(s, "\n") {
			lines = append(lines, strings.TrimRight(mark+" "+l, " "))
		}
	}
	if d.refused != "" {
		add("!", d.refused)
	}
	for _, s := range d.origins {
		add("#", s.text)
	}
	for _, s := range d.reasons {
		add("#", s)
	}
	column := 0
	for _, a := range d.Attrs {
		column = max(column, words.Width(a.Name))
	}
	for _, a := range d.Attrs {
		s := words.Pad(a.Name, column) + "  "
		if a.Old != "" {
			s += a.Old + " → "
		}
		s += a.New
		if a.note != "" {
			s += "  (" + a.note + ")"
		}
		add(diffMark(a.Sign), s)
	}
	places := 0
	for _, l := range d.Rows {
		places = max(places, len(l.place))
	}
	for _, l := range d.Rows {
		s := fmt.Sprintf("%*s  %s%s", places, l.place, l.Text, l.More)
		if l.Note != "" {
			s += "  (" + l.Note + ")"
		}
		add(diffMark(l.Sign), s)
	}
	for _, s := range d.costs {
		add("#", s)
	}
	return "\n<details><summary>" + head + "</summary>\n\n" + fenced("diff", strings.Join(lines, "\n")) + "\n</details>\n"
}

// diffMark is what a diff's colours go by.
func diffMark(sign string) string {
	switch sign {
	case "+", "-", " ":
		return sign
	}
	return "!"
}

// fenced is text in a code fence that it can't end.
func fenced(language, text string) string {
	longest, current := 2, 0
	for _, r := range text {
		if r != '`' {
			current = 0
			continue
		}
		current++
		longest = max(longest, current)
	}
	fence := strings.Repeat("`", longest+1)
	return fence + language + "\n" + text + "\n" + fence + "\n"
}
