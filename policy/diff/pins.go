package diff

import (
	"fmt"
	"strings"
)

// Pin is an input that a lock names by digest.
type Pin struct {
	// Area and Resource are as in Change. Name is the pinned name where Resource does
	// not contain it.
	Area, Resource, Name, Digest string
}

// PolicyPin is the resource of the policy's pin. A lock has one policy.
const PolicyPin = "policy"

// ComparePins compares the pins of two locks. An input that is no longer pinned is
// weaker, and so is a policy that requires less.
func ComparePins(oldName, newName string, old, new []Pin) *Result {
	c := &comparison{}
	before, after := byResource(old), byResource(new)
	for _, p := range old {
		now, there := after[p.Resource]
		ch := Change{Direction: Changed, Area: p.Area, Resource: p.Resource, Old: p.Digest, New: now.Digest}
		switch {
		case p.Digest == now.Digest && p.Name == now.Name:
			continue
		case !there || now.Digest == "":
			ch.Message, ch.New = "was removed", nil
			if there || p.Resource == PolicyPin {
				ch.Direction, ch.Message = Weaker, "is no longer pinned"
			}
		case p.Name != now.Name:
			ch.Direction, ch.Message = asks(strings.Split(p.Name, "+"), strings.Split(now.Name, "+")), fmt.Sprintf("is now %s, was %s", now.Name, p.Name)
		default:
			ch.Message = "is pinned to another digest"
		}
		c.add(ch)
	}
	for _, p := range new {
		if _, there := before[p.Resource]; !there {
			c.add(Change{Direction: Changed, Area: p.Area, Resource: p.Resource, Message: "is new", New: p.Digest})
		}
	}
	return c.result(oldName, newName)
}

func byResource(pins []Pin) map[string]Pin {
	out := make(map[string]Pin, len(pins))
	for _, p := range pins {
		out[p.Resource] = p
	}
	return out
}
