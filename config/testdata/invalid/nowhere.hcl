playlist "a" {
  for_each = toset(["x"])
}

moved { # ERROR: Moved to nowhere
  from = playlist.old
  to   = playlist.b
}
