// Package url has the one function of go-getter's helper/url that syft calls.
package url

import "net/url"

// Parse is url.Parse.
func Parse(raw string) (*url.URL, error) { return url.Parse(raw) }
