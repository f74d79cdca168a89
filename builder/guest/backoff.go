package guest

import (
	"fmt"
	"strconv"
	"time"
)

// The delays before a service that has ended is started again.
const (
	backoffFirst = 500 * time.Millisecond
	backoffMax   = 60 * time.Second
	// backoffReset: a service that ran for this time is healthy. Its next end
	// counts as the first one.
	backoffReset = 60 * time.Second
)

// The container annotations in os.yml that say how a service is restarted.
const (
	// annotationRestart is "always" (the default), "on-failure" or "never".
	annotationRestart = "seaworthy.restart"
	// annotationLimit is the maximum number of restarts in a row. "0" means no
	// limit and is the default.
	annotationLimit = "seaworthy.restart-limit"
)

// backoff decides whether and when a service is started again. The delay
// doubles from backoffFirst to backoffMax.
type backoff struct {
	policy string
	limit  int
	// streak is the number of restarts since the service was last healthy.
	streak int
}

// newBackoff reads the annotations of a container.
func newBackoff(annotations map[string]string) (*backoff, error) {
	b := &backoff{policy: "always"}
	switch p := annotations[annotationRestart]; p {
	case "":
	case "always", "on-failure", "never":
		b.policy = p
	default:
		return nil, fmt.Errorf("annotation %s: %q is not always, on-failure or never", annotationRestart, p)
	}
	if l := annotations[annotationLimit]; l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("annotation %s: %q is not a count", annotationLimit, l)
		}
		b.limit = n
	}
	return b, nil
}

// next is called when the service has ended. ran is the time that it ran. It
// returns the delay before the next start, or the reason why there is no next
// start.
func (b *backoff) next(ran time.Duration, failed bool) (delay time.Duration, stop string) {
	switch {
	case b.policy == "never":
		return 0, "restart: never"
	case b.policy == "on-failure" && !failed:
		return 0, "it ended without an error, and restart is on-failure"
	}
	if ran >= backoffReset {
		b.streak = 0
	}
	if b.limit > 0 && b.streak >= b.limit {
		return 0, fmt.Sprintf("restarted %d times, which is the limit", b.streak)
	}
	delay = backoffMax
	// 2^7 * 0.5 s is above the maximum. A larger shift would overflow.
	if b.streak < 7 {
		delay = min(backoffFirst<<b.streak, backoffMax)
	}
	b.streak++
	return delay, ""
}
