moved { # ERROR: Moved in a circle
  from = playlist.old
  to   = playlist.new
}

moved {
  from = playlist.new
  to   = playlist.old
}
