package report

import (
	"io"
	"testing"
)

// What a report costs beside the decision: 700 findings in each format.
func BenchmarkWrite(b *testing.B) {
	d := large(700)
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				if err := Write(io.Discard, format, d, Options{Diff: diffOf}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
