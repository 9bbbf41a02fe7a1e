package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/notify"
)

// notices checks where notices go, and sends one if that is asked for.
func (c *checkup) notices(ctx context.Context, o doctorOptions) {
	if o.notifyURL == "" {
		if o.notify {
			c.fail("notices", "it is not known where they go", "Give the address: --notify-url URL or SPOTSYNC_NOTIFY_URL.")
		}
		return
	}
	host, _ := os.Hostname() // a notice may do without
	n, err := notify.New(o.notifyURL, host, c.app.UserAgent(), c.app.Log, nil)
	switch {
	case err != nil:
		c.fail("notices", err.Error(), "Mend --notify-url or SPOTSYNC_NOTIFY_URL.")
		return
	case !o.notify:
		c.ok("notices", "they go to %s; to try it: spotsync doctor --notify", n.Where)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, notify.Timeout)
	defer cancel()
	answer, err := n.Test(ctx)
	if err != nil {
		c.fail("notices", fmt.Sprintf("the test notice to %s failed: %v", n.Where, err), "Look at the address where the receiver shows it, and at the network.")
		return
	}
	said := answer.Status
	if answer.Text != "" {
		said += ": " + answer.Text
	}
	c.ok("notices", "%s took the test notice and answers %s", n.Where, said)
}
