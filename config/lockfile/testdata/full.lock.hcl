# Written by spotsync: which playlist on Spotify each address is, and what names and wishes turned into.
# Keep it in git beside your files. Without it spotsync can't tell your playlists from others of the same name.
# Lost or damaged? "git checkout" on this file brings it back, and "spotsync lock restore" what this computer remembers.
# After a merge keep the blocks of both sides, one for each playlist. The last line says that nothing was cut off.

version = 1
issuer  = "spotify"

account "default" {
  id   = "acc0123456789"
  user = "jane.doe"
  name = "Jane \"J\" Doe"
}

account "kids" {
  id = "kids"
}

playlist "playlist.morning" {
  id      = "37i9dQZF1DXcBWIGoYBM5M"
  account = "default"
  name    = "Morning, $${calm} & 100 %%{x}"
}

playlist "playlist.year[\"2023\"]" {
  id                  = "4XzvE3vG5tVbQeJb8Kk2aP"
  account             = "default"
  name                = "Liked in 2023"
  public_ignored      = false
  refused_description = "see https://example.org"
  cover               = "abababababababababababababababababababababababababababababababab"
  prevent_destroy     = true
  aliases = {
    "spotify:track:003vvx7Niy0yvhvHt4a68B" = "spotify:track:7oK9VyNzrYvRFo7nQEYkWN"
  }
  withdrawn = {
    "spotify:track:7oK9VyNzrYvRFo7nQEYkWN" = "2026-11-20T21:14:00Z"
  }
  shown = {
    "$${a} & \"b\" " = "$${a} & \"b\""
  }
  held {
    reason      = "rolled back"
    since       = "2026-11-23T14:45:01Z"
    until       = "2026-12-07T00:00:00Z"
    fingerprint = "f00d"
  }
}

pin "The Killers - Mr. Brightside" {
  uri  = "spotify:track:003vvx7Niy0yvhvHt4a68B"
  isrc = "USIR20400274"
  note = "The Killers – Mr. Brightside"
}

end {}
