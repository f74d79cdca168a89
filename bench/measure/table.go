package measure

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Row is one line of a table.
type Row struct {
	Name string
	Sample
}

// Table prints rows with their wall and CPU times as multiples of the yardstick's.
// Multiples of CPU time are meaningful on a busy machine too.
func Table(w io.Writer, title string, rows []Row, yardstick Sample) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\twall\tCPU\tpeak memory\tyardsticks\tof CPU\t\n", title)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Name, seconds(r.Wall), seconds(r.CPU), mebibytes(r.Peak),
			multiple(r.Wall, yardstick.Wall), multiple(r.CPU, yardstick.CPU))
	}
	return t.Flush()
}

func multiple(d, of time.Duration) string {
	if of <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", d.Seconds()/of.Seconds())
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
