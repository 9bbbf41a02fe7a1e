package words

import (
	"fmt"
	"slices"
)

// Few are the first of a list, for a line that a person reads.
func Few(list []string) []string {
	const most = 10
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}
