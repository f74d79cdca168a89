// Package url holds the one call of go-getter's helper/url that syft makes.
package url

import "net/url"

// Parse is net/url's.
func Parse(raw string) (*url.URL, error) { return url.Parse(raw) }
