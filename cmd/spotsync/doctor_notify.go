package main

import (
	"context"
	"fmt"
	"os"
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
	n, err := newNotifier(o.notifyURL, host, c.log, nil)
	switch {
	case err != nil:
		c.fail("notices", err.Error(), "Mend --notify-url or SPOTSYNC_NOTIFY_URL.")
		return
	case !o.notify:
		c.ok("notices", "they go to %s; to try it: spotsync doctor --notify", n.where)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	answer, err := n.test(ctx)
	if err != nil {
		c.fail("notices", fmt.Sprintf("the test notice to %s failed: %v", n.where, err), "Look at the address where the receiver shows it, and at the network.")
		return
	}
	said := answer.status
	if answer.text != "" {
		said += ": " + answer.text
	}
	c.ok("notices", "%s took the test notice and answers %s", n.where, said)
}
