playlist "a" {}

moved {
  from = playlist.a # ERROR: Still there
  to   = playlist.b
}

moved {
  from = "playlist.x" # ERROR: Not an address
  to   = playlist.a.name # ERROR: Not an address
}

moved {
  from = playlist.same
  to   = playlist.same # ERROR: Moved to itself
}

removed {
  from = playlist.a # ERROR: Gone twice
}

removed {
  from = playlist.gone
  lifecycle {
    destroy = "yes" # ERROR: True or false expected
  }
}

import { # ERROR: Missing attribute
  to = playlist[0] # ERROR: Not an address
}
