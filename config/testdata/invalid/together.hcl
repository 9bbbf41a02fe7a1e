playlist "a" {
  nmae        = "A" # ERROR: Unknown attribute
  public      = "often" # ERROR: Wrong type
  description = foo("x") # ERROR: Unknown function
  tracks = [
    "zzzzzzzzzzzzzzzzzzzzzz", # ERROR: Not a track
    true, # ERROR: Not a track
  ]
}

# What can't be known yet is not complained about.
playlist "b" {
  name        = playlist.c.name # ERROR: Unknown playlist
  description = "${var.long}${local.day}${playlist.b.name}"
  tracks      = tracks_file("nowhere.txt")
}

locals {
  day = within("2020", "soon")
}

variable "long" {
  default = "two\nlines"
}
