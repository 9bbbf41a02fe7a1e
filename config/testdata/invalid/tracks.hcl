playlist "a" {
  tracks = [
    "spotify:track:003vvx7Niy0yvhvHt4a68B",
    "spotify:album:1weenld61qoidwYuZ1GESA", # ERROR: Not a track
    "https://open.spotify.com/playlist/4XzvE3vG5tVbQeJb8Kk2aP", # ERROR: Not a track
    "https://open.spotify.com/artist/0TnOYISbd1XYRBk9myaseg", # ERROR: Not a track
    "spotify:show:38bS44xjbVVZ3No3ByF1dJ", # ERROR: Not a track
    "spotify:user:somebody", # ERROR: Not a track
    "spotify:local:Artist:Album:Title:123", # ERROR: Not a track
    "zzzzzzzzzzzzzzzzzzzzzz_", # ERROR: Not a track
    "ZZZZZZZZZZZZZZZZZZZZZZ", # ERROR: Not a track
    "The Killers - Mr. Brightside", # ERROR: Not available yet
    { artist = "Miles Davis", title = "So What" }, # ERROR: Not available yet
    { isrc = "USIR20400274" }, # ERROR: Not available yet
    { name = "x" }, # ERROR: Not a track
    { uri = 7 }, # ERROR: Not a track
    "", # ERROR: Track is empty
    null, # ERROR: Track is null
    42, # ERROR: Not a track
    ["003vvx7Niy0yvhvHt4a68B", ["spotify:episode:nope"]], # ERROR: Not a track
    "https://example.com/track/003vvx7Niy0yvhvHt4a68B", # ERROR: Not a track
  ]
}
