package report

import (
	"io"
	"testing"
)

// BenchmarkWrite measures each format with 700 findings, without the evaluation of
// rules.
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
