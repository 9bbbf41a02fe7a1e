package functions

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// dateLayouts are how Spotify writes dates: release dates come by year, month or day, dates added to the second.
var dateLayouts = []string{"2006", "2006-01", time.DateOnly, time.RFC3339}

// parseDate reads a date of Spotify's. A year means its first day, a month likewise; a day starts at midnight UTC.
func parseDate(s string) (time.Time, error) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date: write 2006, 2006-01, 2006-01-02 or 2006-01-02T15:04:05Z", s)
}

// span is a length of time on the calendar.
type span struct{ years, months, days int }

var spanPattern = regexp.MustCompile(`^([0-9]{1,5})(d|w|mo|y)$`)

// parseSpan reads 90d, 2w, 6mo or 1y.
func parseSpan(s string) (span, error) {
	m := spanPattern.FindStringSubmatch(s)
	if m == nil {
		return span{}, fmt.Errorf("%q is no length of time: write days as 90d, weeks as 2w, months as 6mo, years as 1y", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return span{}, err
	}
	switch m[2] {
	case "d":
		return span{days: n}, nil
	case "w":
		return span{days: 7 * n}, nil
	case "mo":
		return span{months: n}, nil
	}
	return span{years: n}, nil
}

// before is the day that lies s before day. Where a month is too short, its last day: a month before 31 March is
// 28 February, not 3 March.
func (s span) before(day time.Time) time.Time {
	y, m, d := day.Date()
	first := time.Date(y-s.years, m-time.Month(s.months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1-s.days)
}

func withinFunc(today time.Time) function.Function {
	return function.New(&function.Spec{
		Description: "reports whether a date is no longer ago than this, counted back from the start of today in UTC",
		Params: []function.Parameter{
			{Name: "date", Type: cty.String, AllowNull: true},
			{Name: "span", Type: cty.String},
		},
		Type: function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := parseSpan(args[1].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(1, err)
			}
			if args[0].IsNull() {
				return cty.False, nil // nobody knows when
			}
			date, err := parseDate(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.BoolVal(!date.Before(s.before(today))), nil
		},
	})
}

var yearFunc = function.New(&function.Spec{
	Description: "the year of a date, in UTC",
	Params:      []function.Parameter{{Name: "date", Type: cty.String, AllowNull: true}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].IsNull() {
			return cty.NullVal(cty.Number), nil
		}
		date, err := parseDate(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		return cty.NumberIntVal(int64(date.Year())), nil
	},
})

func timestampFunc(today time.Time) function.Function {
	return function.New(&function.Spec{
		Description: "the start of today in UTC",
		Type:        function.StaticReturnType(cty.String),
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			return cty.StringVal(today.Format(time.RFC3339)), nil
		},
	})
}

// timecmpFunc takes, beyond Terraform's timestamps, the dates Spotify writes.
var timecmpFunc = function.New(&function.Spec{
	Description: "-1, 0 or 1 as the first date is earlier than, equal to or later than the second",
	Params:      []function.Parameter{{Name: "date_a", Type: cty.String}, {Name: "date_b", Type: cty.String}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var t [2]time.Time
		for i := range t {
			var err error
			if t[i], err = parseDate(args[i].AsString()); err != nil {
				return cty.NilVal, function.NewArgError(i, err)
			}
		}
		return cty.NumberIntVal(int64(t[0].Compare(t[1]))), nil
	},
})
