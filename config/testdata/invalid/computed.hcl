locals {
  songs = ["spotify:track:003vvx7Niy0yvhvHt4a68B", ["spotify:album:1weenld61qoidwYuZ1GESA"], 3, null, {}]
}

playlist "a" {
  tracks = local.songs # ERROR: Not a track | Not a track | Track is null | Not a track
}

playlist "user" {
  for_each = toset([for i in range(1001) : tostring(i)]) # ERROR: Too many playlists
}
