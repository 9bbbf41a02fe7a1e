playlist "a" {
  for_each = toset(["x"])
}

removed { # ERROR: Still there
  from = playlist.a["x"]
}
