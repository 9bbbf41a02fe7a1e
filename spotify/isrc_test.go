package spotify

import "testing"

func TestNormalISRC(t *testing.T) {
	for text, want := range map[string]string{"ushm80865849": "USHM80865849", "US-HM8-08-65849": "USHM80865849", " us hm8 08 65849 ": "USHM80865849", "": ""} {
		if got := NormalISRC(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := decodeItem([]byte(`{"item":{"uri":"spotify:track:x","external_ids":{"isrc":"us-hm8-08-65849"}}}`)).Track.ISRC; got != "USHM80865849" {
		t.Errorf("read as %q", got)
	}
}
