// Package words puts numbers and names into sentences.
package words

import "strconv"

// Count says how many there are: "1 file", "2 files".
func Count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}
