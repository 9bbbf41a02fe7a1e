playlist "a" {
  id = "4XzvE3vG5tVbQeJb8Kk2aP"
}

playlist "b" {
  id = "spotify:playlist:4XzvE3vG5tVbQeJb8Kk2aP" # ERROR: One playlist twice
}

playlist "c" {}

playlist "year" {
  for_each = toset(["2023"])
}

import {
  to = playlist.cc # ERROR: Unknown playlist
  id = "37i9dQZF1DXcBWIGoYBM5M"
}

import {
  to = playlist.year["2024"] # ERROR: Unknown playlist
  id = "spotify:track:003vvx7Niy0yvhvHt4a68B" # ERROR: Not a playlist
}

import { # ERROR: Two IDs for one playlist
  to = playlist.a
  id = "37i9dQZF1DXcBWIGoYBM5M"
}

import { # ERROR: One playlist twice
  to = playlist.c
  id = "4XzvE3vG5tVbQeJb8Kk2aP"
}

import {
  to = playlist.c # ERROR: Written twice
  id = "37i9dQZF1DXcBWIGoYBM5M"
}
