package apply

// progress is how far the writing of a playlist is. The record on disk, from which the next run learns what reads may show
// ([store.Settling]), is one step ahead: what a request will make is announced there before it is sent.
//
//	           announce            send
//	untouched ──────────▶ announced ───▶ inFlight ◀─── unrecorded ◀────────── recorded
//	                          ▲          │     │  send  ▲  ▲   │    announce     ▲
//	                          └──────────┘     └────────┘  │   └─────────────────┘
//	                             refused        refused,   │        settled
//	                                            answered,  │
//	                                            looked into┘
//
// A refused request goes back to where it was sent from: it did not happen. One whose answer is lost stays in flight until a read
// tells what became of it; where none does, the run ends there.
type progress int

const (
	recorded   progress = iota // what is on disk is right; reads may show what was before a write of the last minute
	untouched                  // no write of ours happened within the last minute, and none may have: reads show what is there
	announced                  // untouched but for the announcement on disk: the request was not sent, or did not happen
	inFlight                   // a request was sent, and it is not known whether it happened
	unrecorded                 // it is known what is there, and what is on disk does not say so yet
)

// announce is the progress once the next request is announced on disk.
func (p progress) announce() progress {
	if p == untouched || p == announced {
		return announced
	}
	return unrecorded
}

// certainty is how sure it is that the items are what the writer believes. It rises when they are read, and falls with each
// write.
type certainty int

const (
	doubtful certainty = iota // an answer was lost: they are read whatever the flags say
	assumed                   // every request was answered
	counted                   // nothing can have gone wrong that the number of items does not show
	read                      // they were read after the last write
)
