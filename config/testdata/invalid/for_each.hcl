playlist "list" {
  for_each = ["a", "b"] # ERROR: for_each is a list
}

playlist "none" {
  for_each = null # ERROR: for_each is null
}

playlist "text" {
  for_each = "a" # ERROR: for_each of the wrong type
}

playlist "numbers" {
  for_each = toset([1, 2]) # ERROR: for_each of the wrong type
}

playlist "blank" {
  for_each = toset([""]) # ERROR: Key not allowed
}

playlist "each" {
  for_each = toset(["a", "b", "c"])
  tracks   = [each.key] # ERROR: Not a track
  mode     = each.key # ERROR: Value not allowed
}

playlist "user" {
  name   = playlist.list["a"].name # nothing: that for_each was wrong
  tracks = playlist.list["a"].tracks
}
