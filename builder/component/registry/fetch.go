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

// Fetch reads a small file from an https URL, or over plain HTTP from loopback.
// Like requests to registries, it is repeated after failures, and redirects to
// private addresses are refused. name is the URL for outputs, without its query,
// which often contains a key. Only TLS protects the content.
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
		return nil, "", system.BadInput("%s has no host", name).Suggest("write https://HOST/PATH")
	case u.User != nil:
		return nil, "", system.BadInput("%s: the URL contains a password", name).Suggest("download the file, and give its name")
	case u.Scheme != "https" && !r.plain(u.Host):
		return nil, "", system.BadInput("%s is not https: the content could be changed on the network", name).Suggest("use https, or download the file and give its name")
	case r.offline:
		return nil, "", system.Unusable("%s was not fetched (--offline)", name).Suggest("download the file, and give its name")
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
				Suggest("check the URL and the network, or download the file and give its name")
		}
		if err := r.clock.sleep(ctx, r.clock.wait(attempt, 0)); err != nil {
			return nil, "", err
		}
	}
}

// fetchOnce sends one request. again reports that the body was cut.
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

// opaque removes the URL from an error of net/http, since it may contain a key. The
// result is never a context.DeadlineExceeded: the caller's context has not ended.
func opaque(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return errors.New(err.Error())
}
