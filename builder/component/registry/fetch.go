package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Fetch reads a small file from an https URL, or a loopback one over plain HTTP,
// as registries are read: what fails is tried again, and no redirect leads to a
// private address. It gives the URL as outputs may name it, without its query,
// which often holds a key. Nothing vouches for the content but TLS.
func (r *Client) Fetch(ctx context.Context, address string, most int64) (data []byte, name string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", system.BadInput("not a URL").Suggest("write https://HOST/PATH")
	}
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	name = shown.String()
	switch {
	case u.Host == "":
		return nil, "", system.BadInput("%s names no host", name).Suggest("write https://HOST/PATH")
	case u.User != nil:
		return nil, "", system.BadInput("%s: a URL with a password", name).Suggest("download it, and name the file")
	case u.Scheme != "https" && !r.plain(u.Host):
		return nil, "", system.BadInput("%s is not https: anybody on the way could change it", name).Suggest("use https, or download it and name the file")
	case r.offline:
		return nil, "", system.Unusable("%s was not fetched (--offline)", name).Suggest("download it, and name the file")
	}
	r.hosts.name(u.Host)
	client := &http.Client{Transport: r.pings, CheckRedirect: r.inner.onlyOutward}
	for attempt := 1; ; attempt++ {
		data, again, err := fetchOnce(ctx, client, u, most)
		switch {
		case err == nil:
			return data, name, nil
		case ctx.Err() != nil:
			return nil, "", ctx.Err()
		case !again || attempt == attempts:
			return nil, "", system.Unusable("cannot fetch %s", name).Because(opaque(err)).
				Suggest("check the URL and the network, or download it and name the file")
		}
		if err := r.clock.sleep(ctx, r.clock.wait(attempt, 0)); err != nil {
			return nil, "", err
		}
	}
}

// fetchOnce asks once; again says that a body was cut.
func fetchOnce(ctx context.Context, client *http.Client, u *url.URL, most int64) (data []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, false, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, false, fmt.Errorf("the server answers %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	data, err = bounded.Read(res.Body, most)
	again = err != nil && !errors.As(err, new(*refused)) && !errors.As(err, new(bounded.TooLarge))
	return data, again, err
}

// opaque drops the URL from an error of net/http, which may hold a key, and
// what tells a time-out of the network for one of ours.
func opaque(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return errors.New(err.Error())
}
