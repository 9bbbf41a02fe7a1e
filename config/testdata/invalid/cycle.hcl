locals {
  one   = local.two
  two   = local.three
  three = local.one # ERROR: Cycle
  self  = local.self # ERROR: Cycle
}

playlist "a" {
  description = playlist.b.name # these two may mention each other
  name        = "A"
  tracks      = playlist.b.tracks
}

playlist "b" {
  description = playlist.a.name
  name        = "B"
  tracks      = playlist.a.tracks # ERROR: Cycle
}
